//! Recovery after a plan, and verification.

use firebell_core::agent::{AgentTask, Recovery};
use firebell_core::incident::{PlanState, PlanStatus};
use firebell_core::mitigation::{Plan, Risk};

use super::World;
use super::fakes::{Course, IMPACT_S, NOW_S, at};

fn watched(world: &mut World) -> String {
    let plan = Plan {
        title: "roll back".into(),
        steps: Vec::new(),
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
