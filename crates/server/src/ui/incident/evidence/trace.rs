//! Spans of one trace in the order of the calls.

use std::collections::BTreeMap;

use firebell_core::telemetry::Span;

use firebell_report::draw::Row;

/// Spans of one picture.
const MOST: usize = 40;

/// Rows, the first spans of a large trace only.
pub(super) fn rows(spans: &[Span]) -> Vec<Row> {
    let Some(begin) = spans.iter().map(|s| s.start_us).min() else { return Vec::new() };
    let known: BTreeMap<&str, usize> =
        spans.iter().enumerate().map(|(n, s)| (s.span_id.as_str(), n)).collect();
    let mut children: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (n, span) in spans.iter().enumerate() {
        let parent = span.parent_id.as_deref().and_then(|p| known.get(p)).copied().filter(|p| *p != n);
        children.entry(parent).or_default().push(n);
    }
    for list in children.values_mut() {
        list.sort_by_key(|n| {
            (spans[*n].start_us, std::cmp::Reverse(spans[*n].duration_us), &spans[*n].span_id)
        });
    }
    let mut rows = Vec::new();
    let mut drawn = vec![false; spans.len()];
    // Spans that name each other as parents have no root: they are drawn after the others.
    let roots = children.get(&None).cloned().unwrap_or_default();
    for root in roots.into_iter().chain(0..spans.len()) {
        let mut stack = vec![(root, 0usize)];
        while let Some((n, depth)) = stack.pop() {
            if drawn[n] || rows.len() >= MOST {
                continue;
            }
            drawn[n] = true;
            let span = &spans[n];
            rows.push(Row {
                component: span.component.clone(),
                operation: span.operation.clone(),
                depth,
                start_us: span.start_us.saturating_sub(begin),
                duration_us: span.duration_us.max(0),
                failed: span.error,
            });
            let below = children.get(&Some(n)).map(Vec::as_slice).unwrap_or_default();
            stack.extend(below.iter().rev().map(|c| (*c, depth + 1)));
        }
    }
    rows
}
