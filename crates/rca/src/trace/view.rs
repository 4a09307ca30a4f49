//! One trace for people: its critical path as a tree, and where its failure begins.

use serde::Serialize;

use super::forest::{Forest, NONE};
use super::{origins, path};

/// Most spans of a path that are given.
const MAX_SPANS: usize = 400;

/// A trace's critical path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceView {
    /// Trace id.
    pub trace_id: String,
    /// Component of its first span.
    pub component: String,
    /// Operation of its first span.
    pub operation: String,
    /// When it began, unix microseconds.
    pub start_us: i64,
    /// Duration of its first span, microseconds.
    pub duration_us: i64,
    /// Spans.
    pub spans: usize,
    /// Spans without a parent; more than one says that the trace is incomplete.
    pub roots: usize,
    /// Whether any span failed.
    pub failed: bool,
    /// Spans of the path, callers before whom they call.
    pub path: Vec<PathSpan>,
    /// Spans of the path that are not given.
    pub left_out: usize,
    /// Component and operation where its failure begins.
    pub origin: Option<(String, String)>,
    /// What the span there says; outside text.
    pub message: Option<String>,
}

/// A span on the critical path, or one that failed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PathSpan {
    /// Depth in the tree.
    pub depth: usize,
    /// Component.
    pub component: String,
    /// Operation.
    pub operation: String,
    /// Start after the trace's start, microseconds.
    pub start_us: i64,
    /// Duration, microseconds.
    pub duration_us: i64,
    /// What no child covers, microseconds.
    pub self_us: i64,
    /// What children cover, microseconds.
    pub wait_us: i64,
    /// Share of the critical path that is this span's own work, microseconds.
    pub path_us: i64,
    /// The same with all that it waited for, microseconds.
    pub through_us: i64,
    /// Whether it failed.
    pub error: bool,
    /// Whether the trace's failure begins here.
    pub origin: bool,
}

/// The trace of a root span; `own` as of [`super::times::own`], `origin` as of [`origins::of_traces`].
pub(crate) fn view(forest: &Forest<'_>, own: &[i64], root: u32, origin: u32) -> TraceView {
    let trace = forest.trace[root as usize];
    let s = forest.span(root);
    let members = forest.trace_spans(&s.trace_id).unwrap_or_default();
    let mut order = Vec::new();
    let mut stack = vec![(root, 0usize)];
    while let Some((i, depth)) = stack.pop() {
        order.push((i, depth));
        stack.extend(forest.kids(i).iter().rev().map(|k| (*k, depth + 1)));
    }
    let mut at: std::collections::BTreeMap<u32, (i64, i64, bool)> = std::collections::BTreeMap::new();
    for p in path::critical(forest, root) {
        let slot = at.entry(p.span).or_default();
        slot.0 += p.to - p.from;
        slot.2 = true;
    }
    // From the leaves up: what a span's path holds with all below it, and whether it is shown.
    for (i, _) in order.iter().rev() {
        let slot = at.entry(*i).or_default();
        slot.1 += slot.0;
        slot.2 |= forest.span(*i).error;
        let (through, shown) = (slot.1, slot.2);
        let p = forest.parent[*i as usize];
        if *i != root && p != NONE {
            let up = at.entry(p).or_default();
            up.1 += through;
            up.2 |= shown;
        }
    }
    let shown: Vec<(u32, usize)> =
        order.into_iter().filter(|(i, _)| *i == root || at.get(i).is_some_and(|a| a.2)).collect();
    let left_out = shown.len().saturating_sub(MAX_SPANS);
    let began = forest.start[root as usize];
    let named = |i: u32| {
        (
            forest.components[forest.component[i as usize] as usize].to_owned(),
            forest.operations[forest.operation[i as usize] as usize].to_owned(),
        )
    };
    let (component, operation) = named(root);
    let origin = Some(origin).filter(|o| *o != NONE && forest.trace[*o as usize] == trace);
    TraceView {
        trace_id: s.trace_id.clone(),
        component,
        operation,
        start_us: s.start_us,
        duration_us: forest.duration[root as usize],
        spans: members.len(),
        roots: members.iter().filter(|i| forest.parent[**i as usize] == NONE).count(),
        failed: members.iter().any(|i| forest.span(*i).error),
        path: shown
            .into_iter()
            .take(MAX_SPANS)
            .map(|(i, depth)| {
                let (component, operation) = named(i);
                let (path_us, through_us, _) = at.get(&i).copied().unwrap_or_default();
                let duration_us = forest.duration[i as usize];
                PathSpan {
                    depth,
                    component,
                    operation,
                    start_us: forest.start[i as usize] - began,
                    duration_us,
                    self_us: own[i as usize],
                    wait_us: duration_us - own[i as usize],
                    path_us,
                    through_us,
                    error: forest.span(i).error,
                    origin: origin == Some(i),
                }
            })
            .collect(),
        left_out,
        origin: origin.map(named),
        message: origin.and_then(|o| origins::message(forest, o)),
    }
}
