//! Synthesis: the verdict from recorded evidence is the same whatever the order, and a replay comes to it again.

use firebell_core::agent::AgentTask;
use firebell_core::ids::RunId;
use firebell_core::incident::{AgentRun, RunStatus};
use firebell_core::telemetry::TelemetryPart;
use firebell_core::verdict::Outcome;

use super::World;
use super::fakes::{IMPACT_S, NOW_S, at};
use crate::{Recorded, assemble, evidence_of_round, verdict_of};

fn failing() -> World {
    let mut w = World::new("High error rate on checkout API, customers cannot complete purchases");
    w.serve("gateway", NOW_S, |s| if s < IMPACT_S { (30.0, 0.0, 0.06) } else { (30.0, 0.3, 0.5) });
    w.serve("checkout", NOW_S, |s| if s < IMPACT_S { (20.0, 0.0, 0.04) } else { (20.0, 0.7, 0.5) });
    w.serve("catalog", NOW_S, |_| (20.0, 0.0, 0.04));
    for s in IMPACT_S..NOW_S {
        let text = format!("order {s}: timed out after 500 ms waiting for a connection from the pool");
        w.log(s, "checkout", "error", &text);
    }
    w.alert("HighErrorRate", "checkout", "70 % of the requests to checkout fail");
    w
}

fn asked(task: AgentTask, second: i64) -> AgentRun {
    AgentRun {
        agent: "x".into(),
        task,
        requested_at: at(second),
        deadline: at(second + 100),
        ended_at: None,
        status: RunStatus::Reported,
        findings: Vec::new(),
        reason: None,
        artifacts: Vec::new(),
        journal: Vec::new(),
    }
}

#[tokio::test]
async fn evidence_becomes_a_verdict_that_a_replay_repeats() {
    let mut evidence = Vec::new();
    let blobs = std::sync::Arc::clone(&failing().blobs);
    for agent in ["devops-troubleshooter", "observability-engineer", "error-detective"] {
        let mut world = failing();
        world.blobs = std::sync::Arc::clone(&blobs);
        let report = world.run(agent, AgentTask::Investigate { round: 1 }).await.expect("a report");
        evidence.extend(report.evidence);
    }
    let mut world = failing();
    world.blobs = std::sync::Arc::clone(&blobs);
    world.incident.evidence = evidence;
    world.incident.runs.insert(RunId::new("a"), asked(AgentTask::Investigate { round: 1 }, NOW_S - 1));
    world.incident.runs.insert(RunId::new("b"), asked(AgentTask::Synthesise { round: 1 }, NOW_S + 1));
    let (incident, policy) = (world.incident.clone(), world.policy.clone());
    let task = AgentTask::Synthesise { round: 1 };
    let report = world.run("incident-responder", task).await.expect("a report");
    let verdict = report.verdict.expect("a verdict");
    assert_eq!(verdict.verdict, Outcome::Cause, "{verdict:?}");
    assert_eq!(verdict.hypotheses.first().map(|h| h.component.as_str()), Some("service/checkout"));

    let records = evidence_of_round(&incident, 1);
    assert!(records.len() >= 4, "{records:?}");
    let mut recorded: Vec<Recorded> = records
        .into_iter()
        .map(|r| {
            let bytes = blobs.0.lock().expect("not poisoned").get(&r.sha256).cloned().expect("stored");
            Recorded::decode(r, &bytes).expect("readable")
        })
        .collect();
    recorded.reverse();
    let again = verdict_of(&incident, &policy, recorded.clone());
    let mut first = verdict;
    first.stats.wall_ms = 0;
    assert_eq!(serde_json::to_string(&first).expect("json"), serde_json::to_string(&again).expect("json"));
    // The same answers twice change nothing.
    let once = assemble(&incident, &policy, recorded.clone());
    let mut twice = recorded.clone();
    for r in &recorded {
        let mut copy = r.clone();
        copy.record.id = format!("{}-again", copy.record.id).as_str().into();
        copy.record.query.push_str(" again");
        twice.push(copy);
    }
    assert_eq!(once, assemble(&incident, &policy, twice));
    let lines = recorded
        .iter()
        .filter(|r| matches!(r.part, TelemetryPart::Logs(_)))
        .map(|r| r.part.len())
        .sum::<usize>();
    assert_eq!(once.logs.len(), lines);
}

#[tokio::test]
async fn nothing_recorded_is_insufficient_evidence() {
    let world = World::new("odd");
    let task = AgentTask::Synthesise { round: 1 };
    let report = world.run("incident-responder", task).await.expect("a report");
    let verdict = report.verdict.expect("a verdict");
    assert_eq!(verdict.verdict, Outcome::InsufficientEvidence);
    assert!(!verdict.gaps.is_empty());
}
