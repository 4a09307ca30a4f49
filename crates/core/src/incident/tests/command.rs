//! Somebody commands, and speaks, or others are called until somebody does.

use super::super::*;
use super::story::{SEV1, Story, policy};
use crate::policy::Person;
use crate::severity::Severity;

/// Who was paged with these words, in order.
fn paged(s: &Story, words: &str) -> Vec<String> {
    let of = |r: &EventRecord| match &r.event {
        Event::Paged { person, text, .. } if text.contains(words) => Some(person.clone()),
        _ => None,
    };
    s.records.iter().filter_map(of).collect()
}

#[test]
fn while_nobody_commands_one_after_the_other_is_called_again_and_again() {
    let mut policy = policy();
    let person = |name: &str, role: &str| Person {
        name: name.to_owned(),
        roles: vec![role.to_owned()],
        ..Person::default()
    };
    policy.people = vec![person("edsger", "senior_engineer"), person("barbara", "team_lead")];
    let mut s = Story::opened_under(policy, SEV1, Some(Severity::Sev1));
    assert_eq!(s.i().holder("incident_commander"), None);
    s.pass(119);
    assert_eq!(paged(&s, "no incident commander"), Vec::<String>::new());
    s.pass(1);
    assert_eq!(paged(&s, "no incident commander"), ["edsger"], "two minutes");
    s.pass(360);
    assert_eq!(paged(&s, "no incident commander"), ["edsger", "barbara", "edsger", "barbara"]);
    let take = Command::AssignRole { role: "incident_commander".into(), person: "barbara".into() };
    s.by("barbara", &take).expect("is taken");
    s.pass(1200);
    assert_eq!(paged(&s, "no incident commander").len(), 4, "somebody does");
    // They cannot after all: it begins anew, and not with all that was not called meanwhile.
    let decline = Command::DeclineRole { role: "incident_commander".into(), reason: "on a train".into() };
    s.by("edsger", &Command::AssignRole { role: "incident_commander".into(), person: "edsger".into() })
        .expect("is taken");
    s.by("edsger", &decline).expect("is taken");
    assert_eq!(s.i().holder("incident_commander"), None, "{:?}", s.i().roles);
    s.pass(119);
    assert_eq!(paged(&s, "no incident commander").len(), 4);
    s.pass(1);
    assert_eq!(paged(&s, "no incident commander").len(), 5);
    s.pass(120);
    assert_eq!(paged(&s, "no incident commander").len(), 6);
}

#[test]
fn a_role_that_is_given_anew_has_a_clock_of_its_own() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev1));
    let unheard = |s: &Story| {
        s.said(|e| matches!(e, Event::Escalated { role: Some(role), .. } if role == "technical_lead"))
    };
    s.pass(120);
    assert_eq!(unheard(&s), 1);
    let give = Command::AssignRole { role: "technical_lead".into(), person: "edsger".into() };
    s.by("grace", &give).expect("is given");
    s.pass(119);
    assert_eq!(unheard(&s), 1);
    s.pass(1);
    assert_eq!(unheard(&s), 2, "whoever was given it does not answer either");
}

#[test]
fn a_late_update_calls_the_holder_then_their_deputy_then_who_commands() {
    let mut s = Story::opened(SEV1, None);
    for person in ["ada", "grace", "linus"] {
        s.by(person, &Command::Acknowledge).expect("is taken");
    }
    let deputy = Command::NameDeputy { role: "communications_lead".into(), person: "edsger".into() };
    s.by("grace", &deputy).expect("is named");
    // Asked for once the assessment has had its two minutes.
    let told = s.pass(120 + 60 + 2 * 120);
    assert_eq!(paged(&s, "the internal update"), ["grace", "edsger", "ada"], "{told:#?}");
}

#[test]
fn who_leads_and_who_stands_in_for_them_lead_it() {
    let mut s = Story::opened(SEV1, None);
    let deputy = Command::NameDeputy { role: "incident_commander".into(), person: "barbara".into() };
    s.by("ada", &deputy).expect("is named");
    let led: Vec<&str> = ["ada", "barbara", "grace"].into_iter().filter(|p| s.i().is_led_by(p)).collect();
    assert_eq!(led, ["ada", "barbara"]);
    let minor = Story::opened("odd", Some(Severity::Sev3));
    assert!(minor.i().is_led_by("ada"), "who is on call, where no commander is asked for");
}

#[test]
fn who_stands_in_sees_what_is_restricted_and_that_nobody_can_be_reached_is_said_once() {
    let mut s = Story::opened(SEV1, None);
    let deputy = Command::NameDeputy { role: "scribe".into(), person: "barbara".into() };
    s.by("ada", &deputy).expect("is named");
    assert!(s.i().members().contains("barbara"));
    let mut policy = policy();
    policy.people.clear();
    let mut s = Story::opened_under(policy, SEV1, Some(Severity::Sev1));
    s.pass(600);
    assert_eq!(
        s.said(|e| matches!(e, Event::Escalated { why, .. } if why.contains("no incident commander"))),
        1
    );
}
