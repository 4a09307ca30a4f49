//! Recovery after a plan, and verification.

use firebell_core::agent::{AgentTask, Recovery};
use firebell_core::incident::{PlanState, PlanStatus};
use firebell_core::mitigation::{Plan, Risk, Step};
use firebell_core::ports::platform::ServiceState;
use firebell_core::severity::IncidentKind;
use firebell_core::telemetry::{MetricKind, Series};
use serde_json::json;

use super::World;
use super::fakes::{Course, IMPACT_S, NOW_S, at, labels};

pub(super) fn watched(world: &mut World) -> String {
    let plan = Plan {
        title: "roll back".into(),
        steps: vec![Step {
            action: "rollback".into(),
            target: "service/checkout".into(),
            params: json!({"to": "1.8.0"}),
            inverse: None,
        }],
        preconditions: Vec::new(),
        expected_effect: String::new(),
        blast_radius: Vec::new(),
        reversible: true,
        risk: Risk::Low,
        verification: String::new(),
        answers: String::new(),
        expires_at: at(10_000),
        prepared_by: String::new(),
    };
    let hash = plan.hash();
    world.incident.plans.push(PlanState {
        plan,
        hash: hash.clone(),
        round: 1,
        approvals_needed: 1,
        lowered: Default::default(),
        approvals: Vec::new(),
        status: PlanStatus::Watching,
        steps_done: 0,
        steps_undone: 0,
        step_running: false,
        undo: Default::default(),
        outputs: Vec::new(),
        acts: Vec::new(),
        recovery: None,
    });
    hash
}

async fn watch(course: Course, set: impl FnOnce(&mut World)) -> (Recovery, i64) {
    let mut world = World::new("odd");
    world.runs = true;
    world.serve("checkout", NOW_S + 200, course);
    world.incident.facts.error_ratio = Some(0.7);
    world.incident.facts.baseline_error_ratio = Some(0.0);
    set(&mut world);
    let plan = watched(&mut world);
    let begun = tokio::time::Instant::now();
    let report =
        world.run("observability-engineer", AgentTask::WatchRecovery { plan }).await.expect("a report");
    assert!(report.findings.iter().all(|f| !f.evidence.is_empty()), "{:?}", report.findings);
    (report.recovery.expect("a recovery"), begun.elapsed().as_secs() as i64)
}

#[tokio::test(start_paused = true)]
async fn recovery_counts_once_it_has_held() {
    let course: Course =
        |s| if (IMPACT_S..NOW_S + 6).contains(&s) { (20.0, 0.7, 0.4) } else { (20.0, 0.0, 0.04) };
    let (recovery, took) = watch(course, |_| {}).await;
    assert!(recovery.ok, "{recovery:?}");
    // Six seconds of harm, the span of the indicator, five seconds to hold.
    assert!((11..25).contains(&took), "{took} s: {}", recovery.reading);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_get_better_is_given_up_in_time() {
    let course: Course = |s| if s < IMPACT_S { (20.0, 0.0, 0.04) } else { (20.0, 0.7, 0.4) };
    let (recovery, took) = watch(course, |_| {}).await;
    assert!(!recovery.ok && recovery.reading.contains("error ratio of checkout"), "{recovery:?}");
    assert!((30..34).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn an_alert_that_still_fires_is_waited_for_but_does_not_outvote_good_figures() {
    let course: Course =
        |s| if (IMPACT_S..NOW_S).contains(&s) { (20.0, 0.7, 0.4) } else { (20.0, 0.0, 0.04) };
    let (recovery, took) = watch(course, |w| w.alert("HighErrorRate", "checkout", "fails")).await;
    assert!(recovery.ok && took >= 30, "{took} {recovery:?}");
    assert!(recovery.checks.iter().any(|c| c.name == "alerts cleared" && !c.ok));
}

#[tokio::test(start_paused = true)]
async fn figures_that_never_moved_do_not_prove_a_recovery_while_the_alert_fires() {
    let (recovery, _) = watch(
        |_| (20.0, 0.0, 0.04),
        |w| {
            w.incident.facts = Default::default();
            w.alert("MemoryNearLimit", "checkout", "memory");
        },
    )
    .await;
    assert!(!recovery.ok, "{recovery:?}");
}

#[tokio::test(start_paused = true)]
async fn figures_that_come_back_at_the_last_moment_are_given_the_time_to_hold() {
    // Back to normal just before the time is up, while the alert lags.
    let course: Course =
        |s| if (IMPACT_S..NOW_S + 20).contains(&s) { (20.0, 0.7, 0.4) } else { (20.0, 0.0, 0.04) };
    let (recovery, took) = watch(course, |w| w.alert("HighErrorRate", "checkout", "fails")).await;
    assert!(recovery.ok, "{took} s: {recovery:?}");
    assert!((30..60).contains(&took), "{took} s: {}", recovery.reading);
    assert!(recovery.checks.iter().any(|c| c.name == "alerts cleared" && !c.ok));
}

/// Sign-ins that are refused: one in ten seconds, and twenty a second since the impact began.
fn attacked(world: &mut World) {
    world.incident.kind = IncidentKind::Security;
    let (mut good, mut bad) = (0.0, 0.0);
    let mut points = (Vec::new(), Vec::new());
    for second in 0..=NOW_S + 200 {
        good += 2.0;
        bad += if second < IMPACT_S { 0.1 } else { 20.0 };
        let ms = (super::fakes::BEGIN_S + second) * 1000;
        points.0.push((ms, good));
        points.1.push((ms, bad));
    }
    for (result, points) in [("success", points.0), ("failed", points.1)] {
        world.source.series.push(Series {
            source: "fake/main".into(),
            name: "signins_total".into(),
            labels: labels(&[("service", "checkout"), ("result", result)]),
            component: None,
            kind: MetricKind::Counter,
            points,
        });
    }
}

#[tokio::test(start_paused = true)]
async fn an_attack_that_goes_on_is_never_outvoted_by_good_figures() {
    let course: Course =
        |s| if (IMPACT_S..NOW_S).contains(&s) { (20.0, 0.7, 0.4) } else { (20.0, 0.0, 0.04) };
    let (recovery, took) = watch(course, attacked).await;
    assert!(!recovery.ok, "{recovery:?}");
    assert!(took < 40, "an attack is not waited out: {took} s");
    assert!(recovery.checks.iter().any(|c| c.name == "refused sign-ins" && !c.ok), "{recovery:?}");
    assert!(recovery.checks.iter().all(|c| c.ok || c.name == "refused sign-ins"), "{recovery:?}");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_the_platform_does_not_show_is_never_outvoted_by_good_figures() {
    let course: Course =
        |s| if (IMPACT_S..NOW_S).contains(&s) { (20.0, 0.7, 0.4) } else { (20.0, 0.0, 0.04) };
    let (recovery, _) = watch(course, |w| {
        w.alert("HighErrorRate", "checkout", "fails");
        w.sells(ServiceState {
            name: "checkout".into(),
            component: "service/checkout".into(),
            version: "1.9.0".into(),
            ..ServiceState::default()
        });
    })
    .await;
    assert!(!recovery.ok, "{recovery:?}");
    let version = recovery.checks.iter().find(|c| c.name == "version of checkout");
    assert!(version.is_some_and(|c| !c.ok), "{recovery:?}");
}

async fn verified(course: Course, firing: bool) -> Recovery {
    let mut world = World::new("odd");
    world.serve("checkout", NOW_S, course);
    if firing {
        world.alert("HighErrorRate", "checkout", "fails");
    }
    world.sells(Default::default());
    let report =
        world.run("observability-engineer", AgentTask::Verify { attempt: 1 }).await.expect("a report");
    report.recovery.expect("a recovery")
}

#[tokio::test]
async fn verification_needs_smoke_tests_alerts_and_figures() {
    let good = verified(|_| (20.0, 0.0, 0.04), false).await;
    assert!(good.ok && good.checks.iter().any(|c| c.name.starts_with("smoke: ")), "{good:?}");
    assert!(!verified(|_| (20.0, 0.0, 0.04), true).await.ok);
    assert!(!verified(|s| if s < IMPACT_S { (20.0, 0.0, 0.04) } else { (20.0, 0.5, 0.04) }, false).await.ok);
}
