//! What fires while the soak runs has come back.

use super::super::timers::after;
use super::super::*;
use super::story::{SEV1, Story, alert};
use crate::ids::Fingerprint;
use crate::severity::Severity;
use crate::verdict::Outcome;

fn regressions(s: &Story) -> usize {
    s.said(|e| matches!(e, Event::Regressed { .. }))
}

fn attach(s: &mut Story, name: &str, starts_at: jiff::Timestamp) {
    let alerts = vec![alert(name, true, starts_at)];
    s.say(&Actor::System, &Command::AttachAlerts { alerts }).expect("joins");
}

#[test]
fn an_alert_that_joins_during_the_soak_is_a_regression_unless_it_is_late_news() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.work();
    s.go("ada", 0, true).expect("runs");
    s.work();
    let mitigated = s.i().mitigated_at.expect("is mitigated");
    s.pass(60);
    attach(&mut s, "Old", after(mitigated, -90));
    assert_eq!((regressions(&s), s.i().phase), (0, Phase::Verify), "it began before the mitigation");
    attach(&mut s, "New", after(mitigated, 30));
    assert_eq!((regressions(&s), s.i().phase, s.i().round), (1, Phase::Investigate, 2));
}

#[test]
fn what_recovered_by_itself_and_fires_again_is_investigated_again_without_a_cause() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    let now = s.now;
    attach(&mut s, "Errors", now);
    s.outcome = Outcome::Recovered;
    s.work();
    assert_eq!((s.i().phase, s.i().status), (Phase::Verify, Status::Investigating));
    for firing in [false, true] {
        let turns = vec![AlertTurn { fingerprint: Fingerprint::new("Errors"), firing }];
        s.say(&Actor::System, &Command::TurnAlerts { turns }).expect("turns");
    }
    assert_eq!(regressions(&s), 1);
    assert_eq!((s.i().phase, s.i().status, s.i().round), (Phase::Investigate, Status::Investigating, 2));
    assert!(s.i().soak_until.is_none());
}

#[test]
fn each_stay_in_a_phase_has_a_deadline_of_its_own() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.outcome = Outcome::InsufficientEvidence;
    let missed = |s: &Story| {
        s.said(|e| matches!(e, Event::DeadlineMissed { what, .. } if what.starts_with("phase:3:")))
    };
    let minutes = |s: &mut Story, n: usize| {
        for _ in 0..n {
            s.work();
            s.pass(60);
        }
    };
    minutes(&mut s, 25);
    assert_eq!(missed(&s), 1);
    s.outcome = Outcome::Cause;
    minutes(&mut s, 31);
    assert_eq!(s.i().phase, Phase::Mitigate);
    s.outcome = Outcome::InsufficientEvidence;
    let waiting: Vec<usize> =
        (0..s.i().plans.len()).filter(|n| s.i().plans[*n].status == PlanStatus::Proposed).collect();
    for plan in waiting {
        s.go("ada", plan, false).expect("counts");
    }
    assert_eq!((s.i().phase, missed(&s)), (Phase::Investigate, 1), "back again");
    minutes(&mut s, 25);
    assert_eq!(missed(&s), 2);
}
