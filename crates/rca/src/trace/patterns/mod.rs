//! Patterns of calls that bring harm by themselves: repeated queries, retries, time limits that are reached, work that
//! goes on after its caller gave up, waiting in front of a service.

mod limits;
mod repeats;
mod waiting;

use serde::Serialize;

use super::forest::Forest;
pub(crate) use limits::reached;
pub(crate) use repeats::{in_turn, is_query, retries};

/// Which pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternKind {
    /// The same call or query again and again, one after another, within one span.
    NPlusOne,
    /// A call that failed is made again.
    Retry,
    /// Failing calls last about as long as each other, near a round figure: a time limit.
    TimeLimit,
    /// A called side works on after its caller has given up.
    DeadlineMismatch,
    /// Calls wait before the called side begins, the longer the more of them there are.
    Queueing,
}

/// A pattern at one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pattern {
    /// Which.
    pub kind: PatternKind,
    /// Component at which it is to be mended.
    pub component: String,
    /// Operation.
    pub operation: String,
    /// Times it was seen: spans, or calls.
    pub count: usize,
    /// Time that it costs in all, microseconds.
    pub cost_us: i64,
    /// A trace that shows it.
    pub example: String,
    /// For people.
    pub text: String,
}

pub(crate) fn find(forest: &Forest<'_>) -> Vec<Pattern> {
    let mut out = repeats::find(forest);
    out.extend(limits::find(forest));
    out.extend(waiting::find(forest));
    out.sort_by(|a, b| {
        b.cost_us
            .cmp(&a.cost_us)
            .then_with(|| (a.kind, &a.component, &a.operation).cmp(&(b.kind, &b.component, &b.operation)))
    });
    out
}

fn names(forest: &Forest<'_>, span: u32) -> (String, String) {
    (
        forest.components[forest.component[span as usize] as usize].to_owned(),
        forest.operations[forest.operation[span as usize] as usize].to_owned(),
    )
}

/// Microseconds for people.
pub(super) fn span_of(us: i64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..10_000 => format!("{:.1} ms", us as f64 / 1e3),
        10_000..1_000_000 => format!("{:.0} ms", us as f64 / 1e3),
        _ => format!("{:.2} s", us as f64 / 1e6),
    }
}
