//! Drafts are there before their update is due, are edited, and go out at their time.

use super::super::*;
use super::story::{SEV1, Story};
use crate::comms::{Audience, Update};
use crate::effect::Effect;
use crate::severity::Severity;

/// A critical incident that has been told to everybody.
fn told() -> Story {
    let mut s = Story::opened(SEV1, None);
    s.outcome = crate::verdict::Outcome::InsufficientEvidence;
    s.work();
    for person in ["ada", "grace", "linus"] {
        s.by(person, &Command::Acknowledge).expect("is taken");
    }
    s
}

fn edit(audience: Audience) -> Command {
    Command::EditDraft { audience, subject: "In our words".into(), body: "We have called the vendor.".into() }
}

fn seconds(s: &Story, to: jiff::Timestamp) -> i64 {
    to.duration_since(s.now).as_secs()
}

fn due(s: &Story) -> jiff::Timestamp {
    s.i().clocks[&Audience::Internal].due.expect("a clock runs")
}

/// To two minutes before the next update is due, with all that is asked for until then.
fn two_minutes_before(s: &mut Story) {
    let left = seconds(s, due(s));
    s.pass(left - 120);
    s.work_where(|e| matches!(e, Effect::DraftUpdate { .. }));
}

fn last(s: &Story, audience: Audience) -> &Update {
    s.i().updates.iter().rfind(|u| u.audience == audience).expect("an update")
}

#[test]
fn a_draft_is_ready_two_minutes_before_for_all_who_are_told_with_it() {
    let mut s = told();
    let left = seconds(&s, due(&s));
    s.pass(left - 121);
    assert!(s.i().ahead.is_empty());
    let posted = s.i().updates.len();
    two_minutes_before(&mut s);
    let ready: Vec<Audience> =
        s.i().ahead.iter().filter(|(_, a)| a.due == due(&s) && a.draft.is_some()).map(|(a, _)| *a).collect();
    assert_eq!(ready, [Audience::Internal, Audience::Public, Audience::Executives]);
    assert_eq!(s.i().updates.len(), posted, "nothing went out yet");
    assert!(!timers(s.i(), &s.policy).contains_key("draft:internal"), "it is asked for once");
    s.pass(120);
    s.work_where(|e| matches!(e, Effect::DraftUpdate { .. }));
    assert_eq!(s.i().updates.len(), posted + 3);
    assert!(s.i().ahead.is_empty() && !last(&s, Audience::Internal).by_person);
}

#[test]
fn what_a_person_wrote_goes_out_at_its_time_as_it_is() {
    let mut s = told();
    assert!(s.by("grace", &edit(Audience::Internal)).is_err(), "no update is due soon");
    two_minutes_before(&mut s);
    s.by("grace", &edit(Audience::Internal)).expect("is edited");
    assert!(s.by("grace", &edit(Audience::Internal)).expect("a repeat").is_empty());
    // A draft that arrives late does not undo it.
    let late = Command::RecordDraft {
        audience: Audience::Internal,
        due: due(&s),
        subject: "x".into(),
        body: "y".into(),
    };
    assert!(s.say(&Actor::System, &late).expect("is dropped").is_empty());
    s.pass(120);
    let update = last(&s, Audience::Internal);
    assert_eq!(
        (update.subject.as_str(), update.by.as_str(), update.by_person),
        ("In our words", "grace", true)
    );
    assert_eq!(update.at, s.now);
    assert_eq!(update.channels, ["mail/internal"]);
    assert!(due(&s) > s.now, "the clock runs on");
}

#[test]
fn what_is_told_between_takes_no_draft_away_and_a_persons_post_does() {
    let mut s = told();
    two_minutes_before(&mut s);
    s.by("grace", &edit(Audience::Public)).expect("is edited");
    let word = Update {
        audience: Audience::Public,
        reason: crate::comms::UpdateReason::Identified,
        subject: "found".into(),
        body: "text".into(),
        at: s.now,
        by: "incident-responder".into(),
        by_person: false,
        channels: Vec::new(),
        delivered: Vec::new(),
    };
    s.say(&Actor::System, &Command::RecordUpdate { update: word }).expect("is posted");
    assert!(s.i().ahead[&Audience::Public].edited().is_some());
    let post =
        Command::PostUpdate { audience: Audience::Public, subject: "now".into(), body: "at once".into() };
    s.by("grace", &post).expect("is posted");
    assert!(!s.i().ahead.contains_key(&Audience::Public));
}

#[test]
fn a_clock_that_is_wound_anew_keeps_what_a_person_wrote_and_nothing_else() {
    let mut s = told();
    two_minutes_before(&mut s);
    s.by("grace", &edit(Audience::Internal)).expect("is edited");
    let lower = Command::SetSeverity { severity: Severity::Sev2, reason: "only some".into() };
    s.by("ada", &lower).expect("is lowered");
    let kept = &s.i().ahead;
    assert_eq!(kept.keys().collect::<Vec<_>>(), [&Audience::Internal]);
    assert_eq!(kept[&Audience::Internal].due, due(&s));
    s.by("ada", &Command::Resolve { summary: "over".into() }).expect("resolves");
    assert!(s.i().ahead.is_empty());
}

#[test]
fn nothing_that_became_secret_waits_for_customers() {
    let mut s = told();
    two_minutes_before(&mut s);
    s.by("grace", &edit(Audience::Public)).expect("is edited");
    let secret = Command::SetKind { kind: crate::severity::IncidentKind::Security, restricted: None };
    s.by("ada", &secret).expect("is set");
    assert!(!s.i().ahead.contains_key(&Audience::Public));
    let before = s.i().updates.iter().filter(|u| u.audience == Audience::Public).count();
    s.pass(200);
    s.work_where(|e| matches!(e, Effect::DraftUpdate { .. }));
    assert_eq!(s.i().updates.iter().filter(|u| u.audience == Audience::Public).count(), before);
}

#[test]
fn customers_hear_in_time_though_the_assessment_hangs() {
    for (severity, within) in [(Severity::Sev1, 300), (Severity::Sev2, 900)] {
        let mut s = Story::opened("checkout is broken", Some(severity));
        s.policy.times.agent_deadline_s = 3600;
        s.policy.times.assess_by_s = 3600;
        let opened = s.now;
        while s.i().updates.iter().all(|u| u.audience != Audience::Public) {
            s.pass(10);
            s.work_where(|e| matches!(e, Effect::DraftUpdate { .. }));
            assert!(
                s.now.duration_since(opened).as_secs() <= within,
                "{severity}: customers have heard nothing"
            );
        }
        assert!(!s.records.iter().any(
            |r| matches!(&r.event, Event::DeadlineMissed { what, .. } if what.starts_with("public_first"))
        ));
    }
}

#[test]
fn executives_of_a_major_incident_have_a_draft_before_they_hear_again() {
    let mut s = Story::opened("search is slow", Some(Severity::Sev2));
    s.outcome = crate::verdict::Outcome::InsufficientEvidence;
    s.work();
    s.by("ada", &Command::Acknowledge).expect("is taken");
    let opened = s.i().open_since;
    s.pass(2 * 3600 - 120 - s.now.duration_since(opened).as_secs());
    s.work_where(|e| matches!(e, Effect::DraftUpdate { .. }));
    assert!(s.i().ahead[&Audience::Executives].draft.is_some());
    s.by("grace", &edit(Audience::Executives)).expect("is edited");
    s.pass(120);
    assert_eq!(last(&s, Audience::Executives).subject, "In our words");
}

#[test]
fn who_is_late_is_called_then_the_deputy_then_whoever_is_on_call() {
    let mut s = told();
    for (role, person) in
        [("communications_lead", "grace"), ("incident_commander", "ada"), ("on_call", "linus")]
    {
        s.policy.people.iter_mut().filter(|p| p.name == person).for_each(|p| p.roles.push(role.to_owned()));
        let _ = s.by(person, &Command::AssignRole { role: role.into(), person: person.into() });
    }
    let left = seconds(&s, due(&s));
    s.pass(left);
    let called = |s: &Story| -> Vec<String> {
        let late = s.records.iter().filter_map(|r| match &r.event {
            Event::Paged { person, text, .. } if text.contains("internal update") => Some(person.clone()),
            _ => None,
        });
        late.collect()
    };
    s.pass(60 + 3 * 120);
    assert_eq!(called(&s)[..3], ["grace", "ada", "linus"]);
}
