//! Gathers logs, changes and state; says which error patterns are new, with a stack trace where there is one.

use std::collections::BTreeMap;

use firebell_core::agent::AgentTask;
use firebell_core::evidence::Strength;
use firebell_core::telemetry::{LogLine, TelemetryPart};

use crate::agents::words::not_mine;
use crate::run::{Run, clip};
use crate::tools::{cluster_state, list_changes, platform_state, run_rca, search_logs};

/// Most log lines of one look.
const LOGS: usize = 20_000;
/// Most patterns stated.
const PATTERNS: usize = 3;

pub(super) async fn act(run: &mut Run) -> Result<(), String> {
    let AgentTask::Investigate { round } = run.input.task else { return not_mine(run) };
    let window = run.window(round);
    search_logs(run, window, None, LOGS).await;
    list_changes(run, window).await;
    cluster_state(run, window).await;
    let (services, ids) = platform_state(run).await;
    let down: Vec<&str> = services.iter().filter(|s| !s.ready).map(|s| s.name.as_str()).collect();
    if !down.is_empty() {
        let text = format!("not ready by the platform: {}", down.join(", "));
        run.claim(text, ids, Strength::Strong, None);
    }
    patterns(run);
    run_rca(run, "logs and changes").await;
    Ok(())
}

/// Numbers and identifiers apart, the same message.
fn pattern(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace().take(24) {
        let masked = if word.chars().any(|c| c.is_ascii_digit()) { "…" } else { word };
        if !(masked == "…" && out.ends_with('…')) {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(masked);
        }
    }
    out
}

fn is_trace(line: &LogLine) -> bool {
    let t = line.text.trim_start();
    t.starts_with("at ")
        || t.starts_with("Traceback")
        || t.contains("panicked at")
        || t.contains("Exception: ")
}

/// Error patterns that came with the impact.
fn patterns(run: &mut Run) {
    let since = run.impact_start().as_millisecond() - 1000 * (run.policy().times.baseline_s / 4).min(60);
    let mut counts: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    let mut trace = None;
    for held in &run.held {
        let TelemetryPart::Logs(lines) = &held.part else { continue };
        for line in lines {
            let Some(at) = line.at.map(|t| t.as_millisecond()) else { continue };
            if trace.is_none() && at >= since && is_trace(line) {
                trace = Some((line.component.clone(), clip(line.text.trim(), 160)));
            }
            if !matches!(line.level.as_deref(), Some("error" | "fatal" | "critical")) {
                continue;
            }
            let key = (line.component.clone().unwrap_or_default(), pattern(&line.text));
            let slot = counts.entry(key).or_default();
            if at < since { slot.0 += 1 } else { slot.1 += 1 }
        }
    }
    let ids = run.ids_of(|p| matches!(p, TelemetryPart::Logs(_)));
    let mut fresh: Vec<_> = counts.into_iter().filter(|(_, n)| n.1 >= 3 && n.1 > 3 * n.0).collect();
    fresh.sort_by(|a, b| b.1.1.cmp(&a.1.1).then_with(|| a.0.cmp(&b.0)));
    for ((component, text), (before, now)) in fresh.into_iter().take(PATTERNS) {
        let claim = format!(
            "{component} logs “{}” {now} times since it began, {before} times before",
            clip(&text, 160)
        );
        let component = Some(component).filter(|c| !c.is_empty());
        run.claim(claim, ids.clone(), Strength::Moderate, component);
    }
    if let Some((component, text)) = trace {
        run.claim(format!("a stack trace appears: “{text}”"), ids, Strength::Moderate, component);
    }
}
