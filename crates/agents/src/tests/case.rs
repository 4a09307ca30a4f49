//! Synthesis: the verdict from recorded evidence is the same whatever the order, and a replay comes to it again.

use firebell_core::agent::AgentTask;
use firebell_core::change::{Change, ChangeKind};
use firebell_core::evidence::EvidenceRecord;
use firebell_core::ids::RunId;
use firebell_core::incident::{Act, AgentRun, RunStatus};
use firebell_core::telemetry::{Labels, LogLine, TelemetryPart, Window};
use firebell_core::verdict::{FORMAT, Hypothesis, Outcome, PathStep, Stats, Verdict};

use super::World;
use super::fakes::{IMPACT_S, NOW_S, at};
use super::recovery::watched;
use crate::case::doubt;
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

pub(super) fn asked(task: AgentTask, second: i64) -> AgentRun {
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
    assert_eq!(first.stats.peak_rss_bytes > 0, cfg!(target_os = "linux"));
    first.stats = Stats { wall_ms: 0, peak_rss_bytes: 0, ..first.stats };
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

fn claim(rank: u32, cause: &str, component: &str, confidence: f64, path: &[&str]) -> Hypothesis {
    Hypothesis {
        rank,
        component: component.into(),
        cause: cause.into(),
        indicator: None,
        change: None,
        mechanism: String::new(),
        confidence,
        path: path
            .windows(2)
            .map(|w| PathStep {
                from: w[0].into(),
                to: w[1].into(),
                at: None,
                why: String::new(),
                evidence: Vec::new(),
            })
            .collect(),
        evidence: Vec::new(),
        against: Vec::new(),
        expected_but_absent: Vec::new(),
        mitigations: Vec::new(),
    }
}

fn outcome(verdict: Outcome, hypotheses: Vec<Hypothesis>) -> Verdict {
    Verdict {
        format: FORMAT.into(),
        verdict,
        onset: None,
        hypotheses,
        gaps: Vec::new(),
        challenge: None,
        stats: Stats::default(),
    }
}

#[test]
fn nothing_is_called_well_while_a_look_is_missing_or_requests_fail() {
    let healthy = || outcome(Outcome::Healthy, Vec::new());
    let mut incident = World::new("odd").incident;
    incident.runs.insert(RunId::new("a"), asked(AgentTask::Investigate { round: 1 }, NOW_S));
    let mut verdict = healthy();
    doubt(&incident, Some(1), &mut verdict);
    assert_eq!(verdict.verdict, Outcome::Healthy);

    incident.facts.error_ratio = Some(0.46);
    incident.facts.baseline_error_ratio = Some(0.002);
    let mut verdict = healthy();
    doubt(&incident, Some(1), &mut verdict);
    assert_eq!(verdict.verdict, Outcome::InsufficientEvidence);
    assert!(verdict.gaps[0].contains("46.0 % of requests fail"), "{:?}", verdict.gaps);

    incident.facts.error_ratio = Some(0.002);
    let mut lost = asked(AgentTask::Investigate { round: 1 }, NOW_S);
    lost.status = RunStatus::Failed;
    incident.runs.insert(RunId::new("b"), lost);
    let mut verdict = healthy();
    doubt(&incident, Some(1), &mut verdict);
    assert_eq!(verdict.verdict, Outcome::InsufficientEvidence);
    assert!(verdict.gaps[0].contains("did not report in round 1"), "{:?}", verdict.gaps);
    // What was lost in an earlier round was looked at again.
    let mut verdict = healthy();
    doubt(&incident, Some(2), &mut verdict);
    assert_eq!(verdict.verdict, Outcome::Healthy);
}

#[test]
fn a_cause_that_is_more_likely_wrong_than_right_is_no_verdict() {
    let incident = World::new("odd").incident;
    for (confidence, want) in [(0.49, Outcome::InsufficientEvidence), (0.5, Outcome::Cause)] {
        let h = claim(1, "database.slow_query", "service/inventory", confidence, &[]);
        let mut verdict = outcome(Outcome::Cause, vec![h]);
        doubt(&incident, Some(1), &mut verdict);
        assert_eq!(verdict.verdict, want);
        assert_eq!(verdict.hypotheses.len(), 1);
    }
}

fn recorded(id: &str, part: TelemetryPart, from: i64, to: i64) -> Recorded {
    let record = EvidenceRecord {
        id: id.into(),
        source: "fake/main".into(),
        query: id.into(),
        window: Some(Window { start: at(from), end: at(to) }),
        sha256: id.into(),
        items: part.len() as u64,
        reading: String::new(),
        fetched_at: at(NOW_S),
    };
    Recorded { record, part }
}

fn line(source: &str, component: &str, ms: i64, text: &str, trace: Option<&str>) -> LogLine {
    LogLine {
        source: source.into(),
        line: 0,
        component: Some(component.into()),
        at: Some(at(IMPACT_S) + jiff::SignedDuration::from_millis(ms)),
        level: Some("error".into()),
        text: text.into(),
        fields: Labels::new(),
        trace_id: trace.map(str::to_owned),
    }
}

#[test]
fn a_line_that_reached_two_sources_counts_once() {
    let world = World::new("odd");
    let file = vec![
        line("shop.log", "service/catalog", 120, "could not reach inventory", None),
        line("shop.log", "service/catalog", 120, "could not reach inventory", None),
        line("shop.log", "service/catalog", 700, "only in the file", None),
        line("shop.log", "service/gateway", 0, "[warn] retrying upstream call peer=catalog", None),
    ];
    let sent = vec![
        line("otlp", "catalog", 121, "could not reach inventory", Some("t1")),
        line("otlp", "catalog", 121, "could not reach inventory", Some("t2")),
        line("otlp", "catalog", 450, "could not reach inventory", Some("t3")),
        line("otlp", "gateway", 381, "retrying upstream call", Some("t4")),
    ];
    let parts = vec![
        recorded("a", TelemetryPart::Logs(file), 0, NOW_S),
        recorded("b", TelemetryPart::Logs(sent), 0, NOW_S),
    ];
    let logs = assemble(&world.incident, &world.policy, parts).logs;
    let traces: Vec<_> = logs.iter().map(|l| l.trace_id.as_deref().unwrap_or("-")).collect();
    assert_eq!(logs.len(), 5, "{logs:#?}");
    // The records that name their traces are kept.
    assert_eq!(traces.iter().filter(|t| **t == "-").count(), 1, "{traces:?}");
}

#[test]
fn a_look_at_old_changes_neither_widens_the_window_nor_leaves_a_gap() {
    let world = World::new("odd");
    let parts = vec![
        recorded("a", TelemetryPart::Changes(Vec::new()), -2_592_000, NOW_S),
        recorded("b", TelemetryPart::Logs(vec![line("f", "catalog", 0, "x", None)]), 0, NOW_S),
    ];
    let t = assemble(&world.incident, &world.policy, parts);
    assert_eq!(t.window, Some(Window { start: at(0), end: at(NOW_S) }));
    assert!(t.changes_known);
}

#[test]
fn what_a_mitigation_changed_is_no_suspect() {
    let mut world = World::new("odd");
    let hash = watched(&mut world);
    let plan = world.incident.plans.iter_mut().find(|p| p.hash == hash).expect("there");
    plan.acts.push(Act { step: 0, inverse: false, from: at(100), until: Some(at(103)) });
    plan.acts.push(Act { step: 0, inverse: true, from: at(200), until: None });
    let changes = [
        ("before", 90, "checkout"),
        ("ours", 101, "checkout"),
        ("elsewhere", 102, "catalog"),
        ("after", 150, "service/checkout"),
        ("undone", 230, "service/checkout"),
    ];
    let changes = changes.map(|(id, second, component)| Change {
        id: id.to_owned(),
        at: at(second),
        kind: ChangeKind::Deploy,
        component: component.to_owned(),
        from: None,
        to: None,
        by: None,
        source: None,
        commit: None,
        summary: String::new(),
        diff: None,
        files: Vec::new(),
    });
    let parts = vec![recorded("a", TelemetryPart::Changes(changes.to_vec()), 0, NOW_S)];
    let left = assemble(&world.incident, &world.policy, parts).changes;
    assert_eq!(left.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["before", "elsewhere", "after"]);
}
