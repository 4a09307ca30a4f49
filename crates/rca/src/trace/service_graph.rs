//! Who calls whom, how often, how long it takes, and what is lost on the way.

use std::collections::BTreeMap;

use firebell_core::telemetry::SpanKind;
use serde::Serialize;

use super::forest::{Forest, NONE};
use super::times::{middle, quantile};
use crate::graph::peer_of;

/// All calls from one component to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// Who calls.
    pub caller: String,
    /// Who is called; what records no spans of its own is known by the name that its callers give it.
    pub callee: String,
    /// Whether the called side recorded spans.
    pub seen: bool,
    /// Calls.
    pub calls: usize,
    /// Calls that failed.
    pub errors: usize,
    /// Calls a second over the time of all spans.
    pub per_second: f64,
    /// Calls for each request that the caller answers.
    pub per_request: f64,
    /// Median duration, microseconds.
    pub median_us: i64,
    /// 95th percentile of the duration, microseconds.
    pub p95_us: i64,
    /// Median of the caller's span minus the called side's span: network, connecting, queueing. Microseconds.
    pub gap_us: Option<i64>,
}

#[derive(Default)]
struct Gathered {
    durations: Vec<i64>,
    gaps: Vec<i64>,
    errors: usize,
    seen: bool,
}

pub(crate) fn build(forest: &Forest<'_>) -> Vec<Call> {
    let mut by: BTreeMap<(u32, &str), Gathered> = BTreeMap::new();
    let mut requests = vec![0usize; forest.components.len()];
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    for &i in &forest.order {
        let s = forest.span(i);
        let c = forest.component[i as usize];
        first = first.min(forest.start[i as usize]);
        last = last.max(forest.end(i));
        let p = forest.parent[i as usize];
        if forest.is_entry(i) {
            requests[c as usize] += 1;
        }
        if p != NONE && forest.is_entry(i) {
            let slot = by.entry((forest.component[p as usize], forest.components[c as usize])).or_default();
            slot.seen = true;
            slot.durations.push(forest.duration[i as usize]);
            slot.errors += usize::from(s.error || (forest.span(p).error && is_caller_side(forest, p, i)));
            if is_caller_side(forest, p, i) {
                slot.gaps.push((forest.duration[p as usize] - forest.duration[i as usize]).max(0));
            }
        }
        let answered = forest.kids(i).iter().any(|k| forest.is_entry(*k));
        if s.kind == SpanKind::Client
            && !answered
            && let Some(peer) = peer_of(&s.attributes)
        {
            let slot = by.entry((c, peer)).or_default();
            slot.durations.push(forest.duration[i as usize]);
            slot.errors += usize::from(s.error);
        }
    }
    let seconds = ((last.saturating_sub(first)) as f64 / 1e6).max(1e-3);
    let mut out: Vec<Call> = by
        .into_iter()
        .map(|((caller, callee), mut g)| {
            g.durations.sort_unstable();
            let calls = g.durations.len();
            Call {
                caller: forest.components[caller as usize].to_owned(),
                callee: callee.to_owned(),
                seen: g.seen,
                calls,
                errors: g.errors,
                per_second: round(calls as f64 / seconds),
                per_request: round(calls as f64 / (requests[caller as usize].max(1)) as f64),
                median_us: quantile(&g.durations, 0.5),
                p95_us: quantile(&g.durations, 0.95),
                gap_us: (!g.gaps.is_empty()).then(|| middle(&mut g.gaps)),
            }
        })
        .collect();
    out.sort_by(|a, b| {
        b.calls.cmp(&a.calls).then_with(|| (&a.caller, &a.callee).cmp(&(&b.caller, &b.callee)))
    });
    out
}

/// Whether a span is the caller's side of just this call.
pub(crate) fn is_caller_side(forest: &Forest<'_>, parent: u32, child: u32) -> bool {
    forest.kids(parent).len() == 1 && !forest.is_async(child)
}

pub(crate) fn round(v: f64) -> f64 {
    (v * 1000.0).round() / 1000.0
}
