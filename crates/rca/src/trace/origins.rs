//! Where failures begin: the span that failed although nothing it called did, and the first to do so in its trace.

use std::collections::BTreeMap;

use serde::Serialize;

use super::forest::{Forest, NONE};

/// Failures that begin at one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// Component.
    pub component: String,
    /// Operation.
    pub operation: String,
    /// Traces whose first failure is here.
    pub traces: usize,
    /// One of them.
    pub example: String,
    /// What the span says of its failure; outside text.
    pub message: Option<String>,
}

/// For each trace by its number, the span at which its failure begins.
pub(crate) fn of_traces(forest: &Forest<'_>) -> Vec<u32> {
    let mut first = vec![NONE; forest.traces as usize];
    for &i in &forest.order {
        if !forest.span(i).error || forest.kids(i).iter().any(|k| forest.span(*k).error) {
            continue;
        }
        let slot = &mut first[forest.trace[i as usize] as usize];
        // A failure is known when its span ends.
        if *slot == NONE || forest.end(i) < forest.end(*slot) {
            *slot = i;
        }
    }
    first
}

/// What a failing span says.
pub(crate) fn message(forest: &Forest<'_>, span: u32) -> Option<String> {
    const KEYS: [&str; 9] = [
        "exception.message",
        "error.message",
        "otel.status_description",
        "exception.type",
        "error.type",
        "error.kind",
        "http.response.status_code",
        "http.status_code",
        "rpc.grpc.status_code",
    ];
    let s = forest.span(span);
    KEYS.iter()
        .find_map(|k| {
            s.attributes.get(*k).map(|v| if k.ends_with("code") { format!("{k} {v}") } else { v.clone() })
        })
        .map(|m| m.chars().take(300).collect())
}

pub(crate) fn summary(forest: &Forest<'_>, origins: &[u32]) -> Vec<Origin> {
    let mut by: BTreeMap<(u32, u32), (usize, u32)> = BTreeMap::new();
    for &i in origins.iter().filter(|i| **i != NONE) {
        let slot = by.entry((forest.component[i as usize], forest.operation[i as usize])).or_insert((0, i));
        slot.0 += 1;
    }
    let mut out: Vec<Origin> = by
        .into_iter()
        .map(|((component, operation), (traces, example))| Origin {
            component: forest.components[component as usize].to_owned(),
            operation: forest.operations[operation as usize].to_owned(),
            traces,
            example: forest.span(example).trace_id.clone(),
            message: message(forest, example),
        })
        .collect();
    out.sort_by(|a, b| {
        b.traces.cmp(&a.traces).then_with(|| (&a.component, &a.operation).cmp(&(&b.component, &b.operation)))
    });
    out
}
