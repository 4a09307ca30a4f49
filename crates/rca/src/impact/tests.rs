//! What the synthetic company's customers felt, against what was done to it; and that every figure can be had again.

use firebell_core::severity::{IncidentKind, SeverityPolicy, assess as decide};
use firebell_core::telemetry::Telemetry;

use super::*;
use crate::tests::faults::run;
use crate::{Settings, investigate, reevaluate};

fn impact_of(t: &Telemetry) -> Impact {
    let verdict = investigate(t, &Settings::default());
    let impact = assess(t, &Settings::default(), Some(&verdict));
    assert_eq!(impact, assess(t, &Settings::default(), Some(&verdict)), "equal input, equal impact");
    let together = crate::investigate_with_impact(t, &Settings::default());
    assert_eq!(together, (verdict, impact.clone()), "made together they are what they are apart");
    for e in &impact.evidence {
        assert_eq!(reevaluate(t, e).as_deref(), Some(e.sha256.as_str()), "{e:?}");
    }
    for harm in &impact.edge {
        assert!(!harm.evidence.is_empty() && harm.requests >= harm.failed, "{harm:?}");
    }
    impact
}

#[test]
fn failures_at_the_edge_are_counted_dated_and_charged() {
    for seed in 1..=3 {
        let (t, onset) = run(
            seed,
            "errors",
            |_| {},
            |_, m, _| {
                m.fail.insert("checkout", 0.6);
            },
        );
        let impact = impact_of(&t);
        let share = impact.share.unwrap();
        assert!(share > 0.05 && share < 0.8, "{impact:#?}");
        assert_eq!(impact.kind, IncidentKind::Availability, "{impact:#?}");
        assert_eq!(impact.ongoing, Some(true));
        let off = (impact.started_at.unwrap().as_millisecond() - onset).abs();
        assert!(off <= 6_000, "off by {off} ms");
        let between = impact.started_between.unwrap();
        assert!(between.start < between.end && between.end == impact.started_at.unwrap());
        let budget = impact.budget.as_ref().unwrap();
        assert!(budget.assumed && budget.burn_rate > 10.0 && budget.burnt > 0.0, "{budget:?}");
        assert!(impact.affected.iter().any(|a| a.component.ends_with("/checkout")), "{:?}", impact.affected);
        let facts = impact.facts();
        assert!(facts.error_ratio.unwrap() > 0.01 && facts.users_affected_ratio.is_some());
        let severity = decide(&facts, &SeverityPolicy::default()).severity;
        assert!(severity <= firebell_core::severity::Severity::Sev3, "{severity}");
    }
}

#[test]
fn slowness_is_a_performance_incident() {
    let (t, _) = run(
        2,
        "slow",
        |_| {},
        |_, m, _| {
            let own = m.own.get("checkout").copied().unwrap_or(20.0);
            m.own.insert("checkout", own.max(400.0));
        },
    );
    let impact = impact_of(&t);
    assert_eq!(impact.kind, IncidentKind::Performance, "{impact:#?}");
    assert!(impact.facts().p95_ratio.is_some());
}

#[test]
fn a_quiet_day_hits_nobody() {
    let (t, _) = run(3, "alert", |_| {}, |_, _, _| {});
    let impact = impact_of(&t);
    assert!(impact.share.unwrap_or(0.0) < 0.02, "{impact:#?}");
    assert_eq!(impact.budget, None);
}

#[test]
fn nothing_to_see_gives_no_figure() {
    let impact = assess(&Telemetry::default(), &Settings::default(), None);
    assert_eq!((impact.share, impact.started_at, impact.budget.clone()), (None, None, None));
    assert_eq!(impact.facts().error_ratio, None);
    assert_eq!(impact.sentence(), "Nobody is seen to be hit.");
}

#[test]
fn a_promise_is_held_against_it() {
    let (t, _) = run(
        1,
        "errors",
        |_| {},
        |_, m, _| {
            m.fail.insert("checkout", 0.6);
        },
    );
    let plain = assess(&t, &Settings::default(), None);
    let worst = plain.edge[0].component.clone();
    let settings = Settings { slos: [(worst, 0.99)].into(), ..Settings::default() };
    let promised = assess(&t, &settings, None).budget.unwrap();
    let assumed = plain.budget.unwrap();
    assert!(!promised.assumed && (assumed.burn_rate / promised.burn_rate - 10.0).abs() < 1e-6);
}
