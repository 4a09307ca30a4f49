//! Measures, investigates by metrics and traces, watches recovery, verifies, improves alerts.

use firebell_core::agent::AgentTask;
use firebell_core::evidence::Strength;
use firebell_core::telemetry::TelemetryPart;

use super::learn::learn;
use crate::agents::words::{impact, list, not_mine};
use crate::facts::{Measured, assess_impact, is_indicator, measure};
use crate::recovery::{verify, watch};
use crate::run::{Run, clip, percent};
use crate::tools::{get_traces, list_alerts, metrics_named, query_metrics, run_rca};

/// Most traces of one look.
const TRACES: usize = 600;

pub(super) async fn act(run: &mut Run) -> Result<(), String> {
    match run.input.task.clone() {
        AgentTask::Assess => assess(run).await,
        AgentTask::Investigate { round } => investigate(run, round).await,
        AgentTask::WatchRecovery { plan } => watch(run, &plan).await,
        AgentTask::Verify { .. } => verify(run).await,
        AgentTask::Learn => learn(run).await,
        _ => not_mine(run),
    }
}

async fn assess(run: &mut Run) -> Result<(), String> {
    metrics_named(run, run.window(1), is_indicator).await;
    let alerts = list_alerts(run).await;
    let measured = facts(run);
    if let Some(text) = correlation(run) {
        run.claim(text, alerts.into_iter().collect(), Strength::Moderate, None);
    }
    let services = list(measured.lines.iter().map(|l| l.0.as_str()).take(3));
    run.report.impact = impact(&measured.facts, &services);
    run.report.facts = Some(measured.facts);
    Ok(())
}

/// What is measured, as claims.
fn facts(run: &mut Run) -> Measured {
    let measured = measure(&run.series(), run.incident(), run.policy(), run.impact_start(), run.now());
    if let Some(blind) = &measured.blind {
        run.gap(blind.clone());
    }
    let ids = run.ids_of(|p| matches!(p, TelemetryPart::Series(_)));
    for (service, line) in measured.lines.iter().take(8) {
        let component = run.policy().service(service).map(|s| s.component_id());
        run.claim(line.clone(), ids.clone(), Strength::Strong, component);
    }
    for fact in ["breach", "complete_outage", "revenue_stopped", "feature_down", "slo_burnt_ratio"] {
        if let Some(text) = measured.facts.provenance.get(fact) {
            let strength = if fact == "slo_burnt_ratio" { Strength::Weak } else { Strength::Strong };
            run.claim(text.clone(), ids.clone(), strength, None);
        }
    }
    if measured.lines.is_empty() && measured.blind.is_none() {
        let n = measured.services.len();
        let text = format!("error ratios and response times of {n} services are as usual");
        run.claim(text, ids, Strength::Moderate, None);
    }
    let worst = measured.facts.error_ratio.map_or("unknown".to_owned(), percent);
    run.step("measure", format!("{} services, worst error ratio {worst}", measured.services.len()));
    measured
}

/// What the alerts have in common, and which came first.
fn correlation(run: &Run) -> Option<String> {
    let alerts = &run.incident().alerts;
    let first = alerts.values().min_by_key(|a| (a.starts_at, a.fingerprint.clone()))?;
    let services: std::collections::BTreeSet<&str> =
        alerts.values().filter_map(|a| a.service.as_deref()).collect();
    Some(clip(
        &format!(
            "{} alerts on {}; the first is {} at {}{}",
            alerts.len(),
            if services.is_empty() { "no known service".to_owned() } else { list(services.into_iter()) },
            first.name,
            first.starts_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
            first.service.as_deref().map_or(String::new(), |s| format!(" on {s}"))
        ),
        300,
    ))
}

async fn investigate(run: &mut Run, round: u32) -> Result<(), String> {
    let window = run.window(round);
    query_metrics(run, window).await;
    get_traces(run, window, None, TRACES).await;
    list_alerts(run).await;
    let measured = facts(run);
    let verdict = run_rca(run, "metrics and traces").await;
    // Severity follows what is measured now: a fault that only began at the first look may have grown.
    run.report.facts = Some(assess_impact(run, measured, verdict).await);
    Ok(())
}
