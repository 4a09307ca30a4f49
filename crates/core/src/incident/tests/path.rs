//! From the opening to the postmortem, and the ways back.

use super::super::*;
use super::story::{SEV1, Story, alert};
use crate::comms::{Audience, UpdateReason};
use crate::effect::Effect;
use crate::ids::Fingerprint;
use crate::intake::OpenIncident;
use crate::severity::Severity;
use crate::verdict::Outcome;

#[test]
fn a_critical_incident_runs_from_opening_to_closing_with_two_approvals() {
    let mut s = Story::opened(SEV1, None);
    assert_eq!(s.i().severity.severity, Severity::Sev1);
    let told = |s: &Story, who| {
        s.said(|e| *e == Event::UpdateRequested { audience: who, reason: UpdateReason::Declared })
    };
    assert_eq!(told(&s, Audience::Executives), 1, "executives at once, before the assessment ends");
    for role in ["incident_commander", "technical_lead", "communications_lead", "scribe"] {
        assert!(s.i().holder(role).is_some(), "{role}");
    }
    s.by("ada", &Command::Acknowledge).expect("is taken");
    s.pass(60);
    s.work();
    assert_eq!((s.i().phase, s.i().status), (Phase::Mitigate, Status::Identified));
    for audience in Audience::ALL {
        assert_eq!(told(&s, audience), 1, "{audience:?}");
    }
    assert!(s.go("ada", 0, true).expect("counts").iter().all(|e| !matches!(e, Event::StepStarted { .. })));
    assert!(s.go("ada", 0, true).expect("is a repeat").is_empty(), "the same person twice is one approval");
    assert_eq!(s.i().plans[0].status, PlanStatus::Proposed);
    s.go("grace", 0, true).expect("counts");
    assert_eq!(s.i().status, Status::Mitigating);
    s.work();
    assert_eq!((s.i().phase, s.i().status), (Phase::Verify, Status::Monitoring));
    s.pass(599);
    assert_eq!(s.i().status, Status::Monitoring, "soaks");
    s.pass(1);
    s.work();
    assert_eq!(s.i().status, Status::Resolved);
    assert!(s.i().verified && s.i().closed_at.is_some() && s.i().postmortem.is_some());
    assert_ne!(s.i().facilitator.as_deref(), s.i().commander(), "the facilitator was not the commander");
    assert_eq!(s.i().updates.iter().filter(|u| u.reason == UpdateReason::AllClear).count(), 4);
    assert!(timers(s.i(), &s.policy).is_empty());
    let timeline: Vec<String> = s
        .records
        .iter()
        .map(|r| {
            let entry = describe(r);
            format!("{:>3} {} {:<10} {}: {}", entry.version, entry.at, entry.kind, entry.who, entry.text)
        })
        .collect();
    insta::assert_snapshot!("critical_incident", timeline.join("\n"));
}

#[test]
fn a_plan_that_does_not_help_is_undone_and_the_next_comes_up() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.work();
    s.recovers = vec![false];
    s.go("ada", 0, true).expect("one is enough for a reversible plan of SEV2");
    s.work();
    assert_eq!(s.i().plans[0].status, PlanStatus::Undone);
    let first = s.i().plans[0].hash.clone();
    assert_eq!(s.said(|e| matches!(e, Event::StepStarted { plan, inverse: true, .. } if *plan == first)), 1);
    assert_eq!(s.i().next_proposed().map(|p| &p.hash), Some(&s.i().plans[1].hash));
    s.go("grace", 1, true).expect("counts");
    s.work();
    assert_eq!((s.i().plans[1].status, s.i().status), (PlanStatus::Helped, Status::Monitoring));
}

#[test]
fn a_step_without_an_inverse_is_left_and_said_so() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.plans = vec![s.plan("restart", 0)];
    s.recovers = vec![false];
    s.work();
    assert_eq!(s.i().plans[0].approvals_needed, 2, "irreversible");
    s.go("ada", 0, true).expect("counts");
    s.go("grace", 0, true).expect("counts");
    s.work();
    let left =
        |e: &Event| matches!(e, Event::StepFinished { output, .. } if output.contains("nothing undoes"));
    assert_eq!(s.said(left), 1);
    assert_eq!((s.i().phase, s.i().look_again_at.is_some()), (Phase::Investigate, true), "no option is left");
}

#[test]
fn two_approved_plans_run_one_after_the_other() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.work();
    s.go("ada", 1, true).expect("runs");
    s.go("ada", 0, true).expect("waits");
    assert_eq!((s.i().plans[0].status, s.i().plans[1].status), (PlanStatus::Approved, PlanStatus::Running));
    s.recovers = vec![false];
    s.work_where(|e| matches!(e, Effect::Act { .. }));
    assert_eq!(s.i().plans[0].status, PlanStatus::Approved, "the other is still watched");
    s.work();
    assert_eq!((s.i().plans[1].status, s.i().plans[0].status), (PlanStatus::Undone, PlanStatus::Helped));
}

#[test]
fn an_alert_that_fires_during_the_soak_is_a_regression() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.say(&Actor::System, &Command::AttachAlerts { alerts: vec![alert("Errors", true, s.now)] })
        .expect("joins");
    s.work();
    s.go("ada", 0, true).expect("runs");
    s.work();
    let turn = |firing| Command::TurnAlerts {
        turns: vec![AlertTurn { fingerprint: Fingerprint::new("Errors"), firing }],
    };
    s.say(&Actor::System, &turn(false)).expect("turns");
    s.pass(300);
    s.say(&Actor::System, &turn(true)).expect("turns");
    assert_eq!(s.said(|e| matches!(e, Event::Regressed { .. })), 1);
    assert_eq!((s.i().phase, s.i().round), (Phase::Investigate, 2));
    assert!(s.i().soak_until.is_none() && s.i().mitigated_at.is_none());
}

#[test]
fn a_verification_that_does_not_pass_is_repeated_before_it_counts_as_a_regression() {
    for (fails, ended) in [(3, true), (4, false)] {
        let mut s = Story::opened(SEV1, Some(Severity::Sev2));
        s.work();
        s.recovers = vec![true];
        s.recovers.extend(std::iter::repeat_n(false, fails));
        s.go("ada", 0, true).expect("runs");
        for _ in 0..20 {
            s.work();
            s.pass(60);
        }
        let regressed = s.said(|e| matches!(e, Event::Regressed { .. }));
        assert_eq!((s.i().status == Status::Resolved, regressed), (ended, usize::from(!ended)), "{fails}");
        assert_eq!(s.i().round, if ended { 1 } else { 2 }, "{fails}: no new look at the cause in between");
    }
}

#[test]
fn a_verification_that_began_before_a_regression_does_not_resolve() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.say(&Actor::System, &Command::AttachAlerts { alerts: vec![alert("Errors", false, s.now)] })
        .expect("joins");
    s.work();
    s.go("ada", 0, true).expect("runs");
    s.work();
    s.pass(600);
    let (at, late) = s.pending.iter().next_back().map(|(a, e)| (*a, e.clone())).expect("a verification runs");
    let turns = vec![AlertTurn { fingerprint: Fingerprint::new("Errors"), firing: true }];
    s.say(&Actor::System, &Command::TurnAlerts { turns }).expect("turns");
    s.pending.remove(&at);
    s.carry_out(at, &late);
    assert_eq!(s.said(|e| matches!(e, Event::Verified { .. })), 0);
    assert_eq!(s.i().phase, Phase::Investigate);
}

#[test]
fn alerts_that_turn_twice_in_one_batch_end_as_the_last_says() {
    let mut s = Story::opened("odd", None);
    s.say(&Actor::System, &Command::AttachAlerts { alerts: vec![alert("Errors", true, s.now)] })
        .expect("joins");
    let turn = |firing| AlertTurn { fingerprint: Fingerprint::new("Errors"), firing };
    let events =
        s.say(&Actor::System, &Command::TurnAlerts { turns: vec![turn(false), turn(true)] }).expect("turns");
    assert!(s.i().any_alert_firing(), "{events:?}");
}

#[test]
fn healthy_twice_closes() {
    let mut s = Story::opened("odd", Some(Severity::Sev3));
    s.outcome = Outcome::Healthy;
    s.work();
    assert_eq!(s.i().status, Status::Investigating, "one look is not enough");
    s.pass(120);
    s.work();
    assert_eq!(s.i().status, Status::ClosedHealthy);
    assert!(s.i().closed_at.is_some());
}

#[test]
fn a_healthy_look_after_a_plan_that_helped_is_verified_and_keeps_the_cause() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    let turn = |s: &mut Story, firing| {
        let turns = vec![AlertTurn { fingerprint: Fingerprint::new("Errors"), firing }];
        s.say(&Actor::System, &Command::TurnAlerts { turns }).expect("turns");
    };
    s.say(&Actor::System, &Command::AttachAlerts { alerts: vec![alert("Errors", false, s.now)] })
        .expect("joins");
    s.work();
    s.go("ada", 0, true).expect("runs");
    s.work();
    let mitigated = s.i().mitigated_at.expect("it helped");
    turn(&mut s, true);
    assert_eq!((s.i().phase, s.i().mitigated_at), (Phase::Investigate, None), "it looks like a regression");
    s.outcome = Outcome::Healthy;
    turn(&mut s, false);
    for _ in 0..10 {
        s.work();
        s.pass(60);
    }
    s.work();
    let i = s.i();
    assert_eq!((i.status, i.verified, i.mitigated_at), (Status::Resolved, true, Some(mitigated)));
    assert_eq!((i.verdict_round, i.judged), (1, Some((2, Outcome::Healthy))));
    assert!(i.has_cause());
}

#[test]
fn a_cause_found_later_is_not_displaced_by_one_that_was_borne_out_before() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.work();
    s.go("ada", 0, true).expect("runs");
    s.work();
    let turns = vec![alert("New", true, super::super::timers::after(s.now, 30))];
    s.pass(60);
    s.say(&Actor::System, &Command::AttachAlerts { alerts: turns }).expect("joins");
    s.work();
    assert_eq!((s.i().verdict_round, s.i().phase), (2, Phase::Mitigate), "another cause");
    let waiting: Vec<usize> =
        (0..s.i().plans.len()).filter(|n| s.i().plans[*n].status == PlanStatus::Proposed).collect();
    for plan in waiting {
        s.go("ada", plan, false).expect("counts");
    }
    s.outcome = Outcome::Healthy;
    for _ in 0..20 {
        s.work();
        s.pass(60);
    }
    s.work();
    let i = s.i();
    assert_eq!((i.verdict_round, i.judged.map(|j| j.1)), (2, Some(Outcome::Healthy)));
    assert!(i.mitigated_at > Some(s.records[0].at), "{:?}", i.mitigated_at);
}

#[test]
fn insufficient_evidence_looks_again_and_escalates_after_half_an_hour() {
    let mut s = Story::opened(SEV1, None);
    s.outcome = Outcome::InsufficientEvidence;
    let escalated =
        |s: &Story| s.said(|e| matches!(e, Event::Escalated { to, .. } if to == "senior_engineer"));
    for person in ["ada", "grace", "linus"] {
        s.by(person, &Command::Acknowledge).expect("is taken");
    }
    for _ in 0..29 {
        s.work();
        s.pass(60);
    }
    assert!(s.i().round >= 3, "round {}", s.i().round);
    assert_eq!(escalated(&s), 0);
    s.work();
    s.pass(60);
    assert_eq!(escalated(&s), 1);
    assert_eq!(s.said(|e| matches!(e, Event::Paged { person, .. } if person == "edsger")), 1);
    s.pass(600);
    assert_eq!(escalated(&s), 1, "once");
}

#[test]
fn recovery_by_itself_soaks_and_is_verified_too() {
    let mut s = Story::opened(SEV1, Some(Severity::Sev2));
    s.outcome = Outcome::Recovered;
    s.work();
    assert_eq!(s.i().phase, Phase::Verify);
    s.pass(600);
    s.work();
    assert_eq!((s.i().status, s.i().verified), (Status::Resolved, true));
}

#[test]
fn complaints_join_what_is_being_assessed_and_then_what_many_feel() {
    let felt = |s: &Story| OpenIncident::of(s.i()).felt;
    let mut s = Story::opened("disk of a build machine fills up", None);
    assert_eq!(s.i().phase, Phase::Assess);
    assert!(felt(&s), "nobody knows yet what customers feel of it");
    s.work();
    assert!(s.i().phase > Phase::Assess && !felt(&s), "nobody feels it: {:?}", s.i().severity);
    let mut s = Story::opened(SEV1, None);
    s.work();
    assert!(felt(&s));
}
