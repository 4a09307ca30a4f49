//! Each role is answered for by itself.

use super::super::*;
use super::story::{SEV1, Story};
use crate::severity::Severity;

fn called(s: &Story) -> Vec<&str> {
    s.i().awaiting.keys().map(String::as_str).collect()
}

fn paged(s: &Story, name: &str) -> usize {
    s.said(|e| matches!(e, Event::Paged { person, .. } if person == name))
}

#[test]
fn one_acknowledgement_answers_only_for_the_roles_of_who_gave_it() {
    let mut s = Story::opened(SEV1, None);
    let holders =
        |s: &Story| s.i().roles.iter().map(|(r, h)| (r.clone(), h.person.clone())).collect::<Vec<_>>();
    assert_eq!(called(&s).len(), 4, "{:?}", holders(&s));
    s.by("ada", &Command::Acknowledge).expect("is taken");
    assert!(s.by("ada", &Command::Acknowledge).expect("is a repeat").is_empty());
    let left = called(&s);
    assert!(!left.is_empty() && left.iter().all(|role| s.i().holder(role) != Some("ada")), "{left:?}");
    s.pass(120);
    let silent =
        |e: &Event| matches!(e, Event::Escalated { role: Some(role), .. } if role == "communications_lead");
    assert_eq!(s.said(silent), 1);
    for person in ["grace", "linus"] {
        s.by(person, &Command::Acknowledge).expect("is taken");
    }
    assert!(called(&s).is_empty(), "{:?}", s.i().awaiting);
}

#[test]
fn a_silent_holder_is_followed_by_the_deputy_and_then_by_those_above() {
    let mut s = Story::opened("odd", Some(Severity::Sev3));
    assert_eq!((s.i().holder("on_call"), paged(&s, "ada")), (Some("ada"), 1));
    s.pass(1800);
    assert_eq!(paged(&s, "grace"), 1, "the other who is on call");
    s.pass(1800);
    assert_eq!(paged(&s, "barbara"), 1, "the team lead, to whom a SEV3 escalates");
    s.by("grace", &Command::Acknowledge).expect("was called, so she answers for it");
    assert!(called(&s).is_empty());
    assert_eq!(s.i().holder("on_call"), Some("grace"), "who is awake has it, not who sleeps");
    let told: Vec<String> = s.records.iter().rev().take(3).map(|r| describe(r).text).collect();
    assert!(told.contains(&"grace is on call".to_owned()), "{told:?}");
    let before = s.records.len();
    s.pass(1800);
    assert!(s.records[before..].iter().all(|r| !matches!(r.event, Event::Escalated { role: Some(_), .. })));
}

#[test]
fn somebody_who_was_not_called_takes_the_lead_in_hand_and_nothing_more() {
    let mut s = Story::opened(SEV1, None);
    s.by("barbara", &Command::Acknowledge).expect("is taken");
    let left = called(&s);
    assert!(!left.contains(&"incident_commander") && left.contains(&"communications_lead"), "{left:?}");
    assert_eq!(s.i().lead(), Some(("incident_commander", "barbara")));
    assert_eq!(s.i().holder("communications_lead"), Some("grace"), "nobody answered for that");
    assert!(topic(s.i()).contains("IC barbara"), "{}", topic(s.i()));
    assert!(s.by("barbara", &Command::Acknowledge).expect("is a repeat").is_empty());
}

#[test]
fn once_it_is_mitigated_nobody_else_is_called_for_a_role() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.by("grace", &Command::Acknowledge).expect("is taken");
    s.work();
    s.go("ada", 0, true).expect("runs");
    assert!(timers(s.i(), &s.policy).keys().any(|k| k.starts_with("ack:")), "{:?}", s.i().awaiting);
    s.work();
    assert!(timers(s.i(), &s.policy).keys().all(|k| !k.starts_with("ack:")));
}

#[test]
fn without_a_channel_nobody_counts_as_paged_but_the_clock_runs() {
    let mut s = Story::opened("odd", Some(Severity::Sev3));
    s.policy.page_channels.clear();
    let before = s.records.len();
    s.pass(1800);
    let new: Vec<&Event> = s.records[before..].iter().map(|r| &r.event).collect();
    assert!(new.iter().all(|e| !matches!(e, Event::Paged { .. })), "{new:?}");
    assert!(new.iter().any(|e| matches!(e, Event::Escalated { role: Some(_), .. })), "{new:?}");
}

#[test]
fn a_role_that_there_is_not_is_refused_and_a_given_one_is_paged() {
    let mut s = Story::opened("odd", Some(Severity::Sev3));
    let give = |role: &str| Command::AssignRole { role: role.to_owned(), person: "linus".to_owned() };
    let error = s.by("ada", &give("janitor")).expect_err("is refused").to_string();
    assert!(error.contains("janitor") && error.contains("scribe"), "{error}");
    s.by("ada", &give("scribe")).expect("is given");
    assert_eq!((paged(&s, "linus"), called(&s).contains(&"scribe")), (1, true));
    s.by("linus", &give("technical_lead")).expect("is taken");
    assert_eq!(
        (paged(&s, "linus"), called(&s).contains(&"technical_lead")),
        (1, false),
        "took it themselves"
    );
}

#[test]
fn lowering_severity_gives_back_the_roles_that_are_not_needed() {
    let mut s = Story::opened(SEV1, None);
    s.work();
    s.by("ada", &Command::SetSeverity { severity: Severity::Sev2, reason: "as seen".to_owned() })
        .expect("is lowered");
    let held: Vec<&str> = s.i().roles.keys().map(String::as_str).collect();
    assert_eq!(held, ["incident_commander", "on_call"]);
    assert!(called(&s).iter().all(|role| held.contains(role)), "{:?}", called(&s));
}

#[test]
fn who_cannot_hold_a_role_answers_for_it_and_leaves_it_where_it_is() {
    let mut s = Story::opened(SEV1, None);
    s.by("zoe", &Command::Acknowledge).expect("is taken");
    assert!(!called(&s).contains(&"incident_commander"));
    assert_eq!(s.i().holder("incident_commander"), Some("ada"), "nobody here is called zoe");
}

#[test]
fn who_has_accepted_keeps_the_role_whoever_acknowledges_after() {
    let mut s = Story::opened(SEV1, None);
    s.by("ada", &Command::Acknowledge).expect("is taken");
    s.by("barbara", &Command::Acknowledge).expect("is taken");
    assert_eq!(s.i().holder("incident_commander"), Some("ada"));
}

#[test]
fn who_accepts_a_role_answers_for_what_they_hold_and_for_nobody_else() {
    let mut s = Story::opened(SEV1, None);
    let me = |role: &str, person: &str| Command::AssignRole { role: role.into(), person: person.into() };
    // Called in the holder's place as well; that is not what is accepted here.
    s.pass(120);
    let asked = |s: &Story, role: &str, name: &str| s.i().awaiting[role].people.contains(&name.to_owned());
    assert!(asked(&s, "incident_commander", "grace") && s.i().holder("communications_lead") == Some("grace"));
    let events = s.by("grace", &me("communications_lead", "grace")).expect("is accepted");
    assert!(!events.iter().any(|e| matches!(e, Event::RoleAssigned { .. })), "{events:?}");
    assert!(s.i().acknowledged_at.is_some() && s.i().heard_by.contains("grace"));
    let left = called(&s);
    assert!(!left.contains(&"communications_lead") && left.contains(&"incident_commander"), "{left:?}");
    assert_eq!(s.i().holder("incident_commander"), Some("ada"));
    assert!(s.by("grace", &me("communications_lead", "grace")).expect("is a repeat").is_empty());
    // Whoever takes the lead that nobody has accepted has answered for it.
    s.by("barbara", &me("incident_commander", "barbara")).expect("is taken");
    assert_eq!(s.i().lead(), Some(("incident_commander", "barbara")));
    assert!(!called(&s).contains(&"incident_commander"));
}
