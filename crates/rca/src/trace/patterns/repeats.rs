//! The same call several times within one span: because a list is walked item by item, or because it failed.

use std::collections::BTreeMap;

use firebell_core::telemetry::Span;

use super::{Pattern, PatternKind, names, span_of};
use crate::trace::forest::Forest;

/// Equal calls one after another that make an N+1.
const MANY: usize = 5;

/// Equal calls of one span, by what is called and with which statement, in order of their start.
fn groups<'f>(forest: &'f Forest<'_>, parent: u32) -> BTreeMap<(u32, u32, &'f str), Vec<u32>> {
    let mut out: BTreeMap<(u32, u32, &str), Vec<u32>> = BTreeMap::new();
    for &k in forest.kids(parent) {
        let statement = ["db.query.text", "db.statement", "url.template", "http.route"]
            .iter()
            .find_map(|a| forest.span(k).attributes.get(*a))
            .map_or("", String::as_str);
        out.entry((forest.component[k as usize], forest.operation[k as usize], statement))
            .or_default()
            .push(k);
    }
    out.retain(|_, calls| calls.len() > 1);
    out
}

/// Calls of a group that were made because the one before failed: pairs of the failed one and the next.
pub(crate) fn retries(forest: &Forest<'_>, calls: &[u32]) -> usize {
    calls
        .windows(2)
        .filter(|w| forest.span(w[0]).error && forest.start[w[1] as usize] >= forest.end(w[0]))
        .count()
}

/// How many of a group ran one after another.
pub(crate) fn in_turn(forest: &Forest<'_>, calls: &[u32]) -> usize {
    1 + calls.windows(2).filter(|w| forest.start[w[1] as usize] >= forest.end(w[0])).count()
}

/// Whether a span asks a database.
pub(crate) fn is_query(s: &Span) -> bool {
    s.attributes.keys().any(|k| k.starts_with("db."))
        || s.operation.split_whitespace().next().is_some_and(|w| {
            ["select", "insert", "update", "delete"].iter().any(|q| w.eq_ignore_ascii_case(q))
        })
}

#[derive(Default)]
struct Seen {
    spans: usize,
    calls: usize,
    most: usize,
    cost: i64,
    example: Option<u32>,
    statement: String,
    gave_up: usize,
}

pub(super) fn find(forest: &Forest<'_>) -> Vec<Pattern> {
    let mut repeated: BTreeMap<(u32, u32, u32), Seen> = BTreeMap::new();
    let mut again: BTreeMap<(u32, u32, u32), Seen> = BTreeMap::new();
    for &p in &forest.order {
        if forest.kids(p).len() < 2 {
            continue;
        }
        for ((component, operation, statement), calls) in groups(forest, p) {
            let key = (forest.component[p as usize], component, operation);
            let tries = retries(forest, &calls);
            let (seen, most) = if tries > 0 {
                (again.entry(key).or_default(), tries + 1)
            } else if in_turn(forest, &calls) >= MANY {
                (repeated.entry(key).or_default(), calls.len())
            } else {
                continue;
            };
            seen.spans += 1;
            seen.calls += if tries > 0 { tries } else { calls.len() };
            seen.gave_up += usize::from(tries > 0 && calls.last().is_some_and(|c| forest.span(*c).error));
            // What one call less would save: all but the one that is needed.
            let sum: i64 = calls.iter().map(|c| forest.duration[*c as usize]).sum();
            seen.cost += sum - sum / calls.len() as i64;
            if most > seen.most {
                seen.most = most;
                seen.example = Some(calls[0]);
                statement.clone_into(&mut seen.statement);
            }
        }
    }
    let mut out = Vec::new();
    for ((caller, ..), s) in repeated {
        let Some(example) = s.example else { continue };
        let (callee, operation) = names(forest, example);
        let caller = forest.components[caller as usize].to_owned();
        let whom = if callee == caller { String::new() } else { format!(" to {callee}") };
        let what =
            if s.statement.is_empty() { operation.clone() } else { s.statement.chars().take(120).collect() };
        out.push(Pattern {
            kind: PatternKind::NPlusOne,
            text: format!(
                "{caller} makes the same call{whom} up to {} times, one after another, in each of {} spans, {} in all: {what}",
                s.most,
                s.spans,
                span_of(s.cost)
            ),
            component: caller,
            operation,
            count: s.calls,
            cost_us: s.cost,
            example: forest.span(example).trace_id.clone(),
        });
    }
    for ((caller, ..), s) in again {
        let Some(example) = s.example else { continue };
        let (callee, operation) = names(forest, example);
        let caller = forest.components[caller as usize].to_owned();
        out.push(Pattern {
            kind: PatternKind::Retry,
            text: format!(
                "{caller} repeats failed calls of {operation}{}: {} repetitions in {} spans, up to {} attempts; {} of them \
                 failed in the end",
                if callee == caller { String::new() } else { format!(" at {callee}") },
                s.calls,
                s.spans,
                s.most,
                s.gave_up,
            ),
            component: caller,
            operation,
            count: s.calls,
            cost_us: s.cost,
            example: forest.span(example).trace_id.clone(),
        });
    }
    out
}
