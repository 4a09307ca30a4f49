//! Nobody passes a rule of two alone, whatever they do to the severity.

use super::super::*;
use super::story::{SEV1, Story};
use crate::severity::Severity;

fn lower(s: &mut Story, by: &str) {
    let command = Command::SetSeverity { severity: Severity::Sev2, reason: "fewer are hit".to_owned() };
    s.by(by, &command).expect("is lowered");
}

fn started(s: &Story) -> usize {
    s.said(|e| matches!(e, Event::StepStarted { .. }))
}

#[test]
fn who_said_go_cannot_lower_severity_to_make_it_enough() {
    let mut s = Story::opened(SEV1, None);
    s.work();
    s.go("ada", 0, true).expect("counts");
    lower(&mut s, "ada");
    assert_eq!((s.i().plans[0].approvals_needed, started(&s)), (2, 0));
    assert_eq!(s.i().plans[1].approvals_needed, 1, "the other plan has no word of theirs");
    s.go("grace", 0, true).expect("counts");
    assert_eq!(started(&s), 1);
}

#[test]
fn who_lowered_severity_cannot_then_say_the_only_go() {
    let mut s = Story::opened(SEV1, None);
    s.work();
    lower(&mut s, "ada");
    assert_eq!(s.i().plans[0].approvals_needed, 1);
    s.go("ada", 0, true).expect("counts");
    assert_eq!((s.i().plans[0].approvals_needed, started(&s)), (2, 0));
    s.go("grace", 0, true).expect("counts");
    assert_eq!(started(&s), 1);
}

#[test]
fn one_go_is_enough_where_somebody_else_lowered_severity() {
    for early in [true, false] {
        let mut s = Story::opened(SEV1, None);
        s.work();
        if early {
            s.go("ada", 0, true).expect("counts");
            assert_eq!(started(&s), 0);
        }
        lower(&mut s, "grace");
        if !early {
            s.go("ada", 0, true).expect("counts");
        }
        assert_eq!(started(&s), 1, "early: {early}");
    }
}

#[test]
fn a_second_plan_that_was_approved_does_not_run_after_a_regression_without_a_new_go() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.work();
    s.go("ada", 0, true).expect("runs");
    s.go("ada", 1, true).expect("waits");
    s.work();
    assert_eq!((s.i().plans[0].status, s.i().plans[1].status), (PlanStatus::Helped, PlanStatus::Superseded));
    s.say(
        &Actor::System,
        &Command::AttachAlerts { alerts: vec![super::story::alert("Errors", true, later(&s))] },
    )
    .expect("joins");
    s.work();
    assert_eq!((s.i().round, started(&s)), (2, 1));
}

fn later(s: &Story) -> jiff::Timestamp {
    super::super::timers::after(s.now, 1)
}
