//! Past incidents that are alike; where failing traces begin to fail.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::agent::AgentTask;
use firebell_core::evidence::Strength;
use firebell_core::telemetry::{Span, TelemetryPart};

use crate::agents::words::not_mine;
use crate::run::{Run, clip, percent};
use crate::tools::{get_traces, read_topology, run_rca, similar_incidents};

/// Most traces of one look.
const TRACES: usize = 300;

pub(super) async fn act(run: &mut Run) -> Result<(), String> {
    let AgentTask::Investigate { round } = run.input.task else { return not_mine(run) };
    let (past, id) = similar_incidents(run).await;
    let ids: Vec<_> = id.into_iter().collect();
    if past.is_empty() {
        run.claim("no past incident is like this one", ids, Strength::Inconclusive, None);
    }
    for p in past.iter().take(3) {
        let came_to = p.cause.as_deref().unwrap_or("no cause");
        let text = format!(
            "{} “{}” is alike ({}) and came to {came_to}",
            p.id,
            clip(&p.title, 120),
            percent(p.similarity)
        );
        let ids = run.ids_of(|part| matches!(part, TelemetryPart::Objects(_)));
        run.claim(text, ids, Strength::Weak, None);
    }
    let window = run.window(round);
    get_traces(run, window, None, TRACES).await;
    read_topology(run, window).await;
    cascade(run);
    run_rca(run, "errors across services").await;
    Ok(())
}

/// In which component failing traces begin to fail: a failed span none of whose children failed.
fn cascade(run: &mut Run) {
    let since = run.impact_start().as_microsecond() - 10_000_000;
    let spans: Vec<&Span> = run
        .held
        .iter()
        .filter_map(|h| match &h.part {
            TelemetryPart::Spans(s) => Some(s.iter()),
            _ => None,
        })
        .flatten()
        .filter(|s| s.error && s.start_us >= since)
        .collect();
    let failed_parents: BTreeSet<(&str, &str)> =
        spans.iter().filter_map(|s| s.parent_id.as_deref().map(|p| (s.trace_id.as_str(), p))).collect();
    let mut origins: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut first: BTreeMap<&str, i64> = BTreeMap::new();
    for span in &spans {
        let end = span.start_us + span.duration_us;
        let slot = first.entry(&span.component).or_insert(end);
        *slot = (*slot).min(end);
        if !failed_parents.contains(&(span.trace_id.as_str(), span.span_id.as_str())) {
            origins.entry(&span.component).or_default().insert(&span.trace_id);
        }
    }
    let traces: BTreeSet<&str> = spans.iter().map(|s| s.trace_id.as_str()).collect();
    let ids = run.ids_of(|p| matches!(p, TelemetryPart::Spans(_)));
    let Some((origin, count)) =
        origins.iter().map(|(c, t)| (*c, t.len())).max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0)))
    else {
        let seen = run.held.iter().any(|h| matches!(&h.part, TelemetryPart::Spans(s) if !s.is_empty()));
        let text = if seen {
            "no trace fails: this is not a cascade of errors"
        } else {
            "no traces were seen: whether errors spread from service to service cannot be told"
        };
        run.claim(text, ids, Strength::Inconclusive, None);
        return;
    };
    let mut order: Vec<(&str, i64)> = first.into_iter().collect();
    order.sort_by_key(|o| (o.1, o.0));
    let order: Vec<&str> = order.iter().map(|o| o.0).take(6).collect();
    let share = count as f64 / traces.len().max(1) as f64;
    let text = format!(
        "{count} of {} failing traces begin to fail at {origin}; components failed in the order {}",
        traces.len(),
        order.join(", ")
    );
    let component = Some(origin.to_owned());
    let strength = if share > 0.7 && count >= 5 { Strength::Strong } else { Strength::Moderate };
    run.claim(text, ids, strength, component);
}
