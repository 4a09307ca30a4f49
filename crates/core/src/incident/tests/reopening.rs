//! What is open again has clocks that count from then, and everybody who was told that it was over is told.

use super::super::timers::after;
use super::super::*;
use super::story::{SEV1, Story};
use crate::comms::{Audience, UpdateReason};
use crate::severity::{IncidentKind, Severity};
use crate::verdict::Outcome;

fn over(severity: Severity) -> Story {
    let mut s = Story::opened(SEV1, Some(severity));
    s.work();
    for person in ["ada", "grace", "linus"] {
        let _ = s.by(person, &Command::Acknowledge);
    }
    s.by("ada", &Command::Resolve { summary: "over".into() }).expect("resolves");
    s.work();
    s
}

fn reopen(s: &mut Story) {
    s.outcome = Outcome::InsufficientEvidence;
    s.by("ada", &Command::Reopen { reason: "back".into() }).expect("reopens");
}

#[test]
fn everybody_who_heard_that_it_was_over_hears_that_it_is_not() {
    let mut s = over(Severity::Sev1);
    reopen(&mut s);
    for audience in Audience::ALL {
        let told = Event::UpdateRequested { audience, reason: UpdateReason::Reopened };
        assert_eq!(s.said(|e| *e == told), 1, "{audience:?}");
    }
}

#[test]
fn clocks_count_from_the_reopening_and_ring_again() {
    let mut s = over(Severity::Sev2);
    s.pass(6 * 3600);
    reopen(&mut s);
    let since = s.now;
    let due = timers(s.i(), &s.policy);
    for (key, seconds) in [
        ("unclear:SEV2", 1800),
        ("escalate:SEV2", 7200),
        ("executives_again:SEV2", 7200),
        ("resolve_by:SEV2", 14_400),
    ] {
        assert_eq!(due.get(key), Some(&after(since, seconds)), "{key}");
    }
    let before = s.records.len();
    s.pass(1800);
    let unclear =
        |r: &&EventRecord| matches!(&r.event, Event::DeadlineMissed { what, .. } if what == "unclear:SEV2");
    assert_eq!(
        s.records[before..].iter().filter(unclear).count(),
        1,
        "the cause of before says nothing of now"
    );
}

#[test]
fn the_postmortem_is_due_anew_and_a_late_one_pages() {
    let mut s = over(Severity::Sev2);
    let first = s.i().postmortem_due.expect("is due");
    reopen(&mut s);
    assert_eq!(s.i().postmortem_due, None);
    s.pass(100 * 3600);
    s.by("ada", &Command::Resolve { summary: "now it is over".into() }).expect("resolves");
    let second = s.i().postmortem_due.expect("is due again");
    assert!(second > first && second == after(s.now, 48 * 3600));
    let paged = |s: &Story| s.said(|e| matches!(e, Event::Paged { text, .. } if text.contains("postmortem")));
    assert!(!s.i().may_be_paged_about());
    s.pass(48 * 3600);
    assert_eq!((paged(&s), s.i().may_be_paged_about()), (1, true));
}

#[test]
fn a_postmortem_on_request_is_due_by_the_policy() {
    let mut s = Story::opened("odd", Some(Severity::Sev3));
    s.policy.times.learn_within_s = 3600;
    s.by("ada", &Command::RequestPostmortem).expect("is asked for");
    assert_eq!(s.i().postmortem_due, Some(after(s.now, 3600)));
}

#[test]
fn cosmetic_by_lowering_ends_with_a_ticket_in_any_phase() {
    let mut s = Story::opened(SEV1, None);
    s.work();
    assert_eq!(s.i().phase, Phase::Mitigate);
    s.by("ada", &Command::SetSeverity { severity: Severity::Sev4, reason: "a logo".into() })
        .expect("is lowered");
    assert!(!s.i().status.is_over(), "the ticket is being written");
    s.work();
    assert_eq!((s.i().status, s.i().closed_at.is_some()), (Status::Resolved, true));
    assert!(s.i().plans.iter().all(|p| p.status == PlanStatus::Superseded));
    let ticket = s.i().action_items.values().next().expect("goes to the backlog");
    assert_eq!((ticket.item.kind.as_str(), ticket.due), ("backlog", after(s.now, 14 * 86_400)));
    assert_eq!(s.i().updates.iter().filter(|u| u.reason == UpdateReason::AllClear).count(), 4);
    s.by("ada", &Command::Reopen { reason: "more than a logo".into() }).expect("reopens");
    assert!(!s.i().status.is_over(), "whoever opens it again sees more in it");
}

#[test]
fn cosmetic_waits_for_what_is_being_done_in_production() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.work();
    s.go("ada", 0, true).expect("runs");
    s.by("ada", &Command::SetSeverity { severity: Severity::Sev4, reason: "a logo".into() })
        .expect("is lowered");
    assert_eq!(s.i().plans[0].status, PlanStatus::Running);
    s.work();
    assert_eq!((s.i().plans[0].status, s.i().status), (PlanStatus::Helped, Status::Resolved));
}

#[test]
fn a_kind_that_was_read_wrongly_is_set_right_by_a_person() {
    let mut s = Story::opened(
        "Suspicious authentication attempts, possible credential stuffing",
        Some(Severity::Sev2),
    );
    s.work();
    assert!(s.i().restricted && !s.i().clocks.contains_key(&Audience::Public));
    let set = |kind, restricted| Command::SetKind { kind, restricted };
    s.by("ada", &set(IncidentKind::Availability, None)).expect("is set");
    assert_eq!((s.i().kind, s.i().restricted), (IncidentKind::Availability, false));
    assert!(s.by("ada", &set(IncidentKind::Availability, None)).expect("is a repeat").is_empty());
    assert!(s.i().clocks.contains_key(&Audience::Public), "customers are told now");
    s.by("ada", &set(IncidentKind::Data, Some(true))).expect("is set");
    assert!(s.i().restricted && s.i().clocks[&Audience::Public].asked_at.is_none());
    s.by("ada", &set(IncidentKind::Other, None)).expect("is set");
    assert!(s.i().restricted, "what a person restricted stays so");
    s.by("ada", &set(IncidentKind::Security, Some(false))).expect("is set");
    assert!(!s.i().restricted && s.i().is_secret(), "open to colleagues, and still nothing for customers");
}
