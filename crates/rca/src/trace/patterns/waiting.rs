//! Queueing: calls that wait before the called side begins. A queue is told from a slow network by its growing with the
//! number of calls that are at the called side at the time.

use std::collections::BTreeMap;

use super::{Pattern, PatternKind, names, span_of};
use crate::trace::forest::Forest;
use crate::trace::service_graph::is_caller_side;
use crate::trace::times::{middle, quantile};

/// Calls that have to be seen.
const MIN_CALLS: usize = 20;
/// A wait that is worth a word, microseconds.
const MIN_WAIT_US: i64 = 5_000;

pub(super) fn find(forest: &Forest<'_>) -> Vec<Pattern> {
    // When each component's calls arrive and are done, as its callers see it.
    let mut events: BTreeMap<u32, (Vec<i64>, Vec<i64>)> = BTreeMap::new();
    let mut calls: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
    for &i in &forest.order {
        let p = forest.parent[i as usize];
        if !forest.is_entry(i) || p == crate::trace::forest::NONE || !is_caller_side(forest, p, i) {
            continue;
        }
        let at = events.entry(forest.component[i as usize]).or_default();
        at.0.push(forest.start[p as usize]);
        at.1.push(forest.end(p));
        calls.entry(forest.component[i as usize]).or_default().push((p, i));
    }
    let mut out = Vec::new();
    for (component, calls) in calls {
        let Some((arrivals, ends)) = events.get_mut(&component).filter(|_| calls.len() >= MIN_CALLS) else {
            continue;
        };
        arrivals.sort_unstable();
        ends.sort_unstable();
        // Wait before the called side began, and how many calls were there.
        let mut seen: Vec<(usize, i64)> = calls
            .iter()
            .map(|(p, i)| {
                let at = forest.start[*p as usize];
                let there = arrivals.partition_point(|a| *a <= at) - ends.partition_point(|e| *e <= at);
                (there, (forest.start[*i as usize] - at).clamp(0, 1 << 44))
            })
            .collect();
        seen.sort_unstable();
        let third = seen.len() / 3;
        let (few, many) = (seen[third].0, seen[seen.len() - 1 - third].0);
        let mut calm: Vec<i64> = seen[..third].iter().map(|s| s.1).collect();
        let mut busy: Vec<i64> = seen[seen.len() - third..].iter().map(|s| s.1).collect();
        let (low, high) = (middle(&mut calm), middle(&mut busy));
        if many <= few || high < MIN_WAIT_US || high < 2 * low.max(1) + 1_000 {
            continue;
        }
        let Some((_, worst)) =
            calls.iter().copied().max_by_key(|(p, i)| forest.start[*i as usize] - forest.start[*p as usize])
        else {
            continue;
        };
        let (name, operation) = names(forest, worst);
        out.push(Pattern {
            kind: PatternKind::Queueing,
            text: format!(
                "calls wait {} before {name} begins when {many} or more are there (up to {}), and {} when there are {few} or fewer",
                span_of(high),
                span_of(quantile(&busy, 1.0)),
                span_of(low)
            ),
            component: name,
            operation,
            count: calls.len(),
            cost_us: seen.iter().map(|s| s.1).sum(),
            example: forest.span(worst).trace_id.clone(),
        });
    }
    out
}
