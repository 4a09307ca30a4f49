//! The whole report on a set of spans.

use std::collections::BTreeMap;

use firebell_core::telemetry::Span;
use serde::Serialize;

use super::compare::{self, Difference};
use super::forest::{Defect, Forest, NONE};
use super::origins::{self, Origin};
use super::patterns::{self, Pattern};
use super::service_graph::{self, Call};
use super::times::{self, quantile};
use super::view::{TraceView, view};

/// Slowest and failing traces that are shown.
const SHOWN: usize = 3;
/// Operations that are listed.
const OPERATIONS: usize = 30;

/// What traces tell. Equal spans give an equal report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceReport {
    /// Spans, those recorded twice counted once.
    pub spans: usize,
    /// Traces.
    pub traces: usize,
    /// Traces with a failing span.
    pub failed: usize,
    /// Median duration of the traces' first spans, microseconds.
    pub median_us: i64,
    /// 95th percentile of it, microseconds.
    pub p95_us: i64,
    /// What is wrong with the spans.
    pub defects: Vec<Defect>,
    /// Where failures begin, most first.
    pub origins: Vec<Origin>,
    /// Patterns that were found, worst first.
    pub patterns: Vec<Pattern>,
    /// Calls between components, most frequent first.
    pub calls: Vec<Call>,
    /// Operations, by the time that is spent in themselves.
    pub operations: Vec<OperationStats>,
    /// The failing traces that took longest, then the slowest of the others.
    pub shown: Vec<TraceView>,
    /// What differs from normal traces, if any were given, largest first.
    pub differences: Vec<Difference>,
}

/// One operation of one component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperationStats {
    /// Component.
    pub component: String,
    /// Operation.
    pub operation: String,
    /// Spans.
    pub count: usize,
    /// Spans that failed.
    pub errors: usize,
    /// Median duration, microseconds.
    pub median_us: i64,
    /// 95th percentile of the duration, microseconds.
    pub p95_us: i64,
    /// Time spent in the operation itself over all spans, microseconds.
    pub self_us: i64,
}

/// Explains traces by themselves.
pub fn explain_traces(spans: &[Span]) -> TraceReport {
    explain(spans, None, None)
}

/// Explains traces beside normal traces of the same system, and shows the trace `id` if one is asked for. `shown` is
/// empty if there is no such trace.
pub fn explain_traces_against(spans: &[Span], normal: Option<&[Span]>, id: Option<&str>) -> TraceReport {
    explain(spans, normal, id)
}

fn explain(spans: &[Span], normal: Option<&[Span]>, id: Option<&str>) -> TraceReport {
    let forest = Forest::build(spans);
    let own = times::own(&forest);
    let origins = origins::of_traces(&forest);
    // The first root of a trace stands for it; of several, the longest.
    let mut roots = vec![NONE; forest.traces as usize];
    for r in forest.roots() {
        let slot = &mut roots[forest.trace[r as usize] as usize];
        if *slot == NONE || forest.duration[r as usize] > forest.duration[*slot as usize] {
            *slot = r;
        }
    }
    roots.retain(|r| *r != NONE);
    let mut durations: Vec<i64> = roots.iter().map(|r| forest.duration[*r as usize]).collect();
    durations.sort_unstable();
    let failed = origins.iter().filter(|o| **o != NONE).count();
    let origin = |r: u32| origins[forest.trace[r as usize] as usize];
    let shown = match id {
        Some(id) => {
            let id = id.trim().to_lowercase();
            let asked = roots.iter().filter(|r| forest.span(**r).trace_id == id);
            asked.take(1).map(|r| view(&forest, &own, *r, origin(*r))).collect()
        }
        None => {
            let mut order = roots.clone();
            order.sort_by_key(|r| (std::cmp::Reverse(forest.duration[*r as usize]), *r));
            let (bad, good): (Vec<u32>, Vec<u32>) = order.iter().partition(|r| origin(**r) != NONE);
            bad.iter()
                .take(SHOWN)
                .chain(good.iter().take(SHOWN))
                .map(|r| view(&forest, &own, *r, origin(*r)))
                .collect()
        }
    };
    TraceReport {
        spans: forest.order.len(),
        traces: forest.traces as usize,
        failed,
        median_us: quantile(&durations, 0.5),
        p95_us: quantile(&durations, 0.95),
        origins: origins::summary(&forest, &origins),
        patterns: patterns::find(&forest),
        calls: service_graph::build(&forest),
        operations: operations(&forest, &own),
        shown,
        differences: normal
            .map(|n| {
                let normal = Forest::build(n);
                compare::differences(&normal, &times::own(&normal), &forest, &own)
            })
            .unwrap_or_default(),
        defects: forest.defects,
    }
}

fn operations(forest: &Forest<'_>, own: &[i64]) -> Vec<OperationStats> {
    let mut by: BTreeMap<(u32, u32), (Vec<i64>, usize, i64)> = BTreeMap::new();
    for &i in &forest.order {
        let slot = by.entry((forest.component[i as usize], forest.operation[i as usize])).or_default();
        slot.0.push(forest.duration[i as usize]);
        slot.1 += usize::from(forest.span(i).error);
        slot.2 = slot.2.saturating_add(own[i as usize]);
    }
    let mut out: Vec<OperationStats> = by
        .into_iter()
        .map(|((c, o), (mut durations, errors, self_us))| {
            durations.sort_unstable();
            OperationStats {
                component: forest.components[c as usize].to_owned(),
                operation: forest.operations[o as usize].to_owned(),
                count: durations.len(),
                errors,
                median_us: quantile(&durations, 0.5),
                p95_us: quantile(&durations, 0.95),
                self_us,
            }
        })
        .collect();
    out.sort_by(|a, b| {
        b.self_us
            .cmp(&a.self_us)
            .then_with(|| (&a.component, &a.operation).cmp(&(&b.component, &b.operation)))
    });
    out.truncate(OPERATIONS);
    out
}
