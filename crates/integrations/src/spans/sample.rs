//! Which traces are kept when not all fit: half of the room is drawn evenly, so that shares and rates hold for it; the other
//! half has failed and slow traces first, so that what is rare is seen. Traces are kept whole. What is drawn follows
//! from the ids alone: the same traces are drawn whenever, in whatever order and by whichever source they come.

use std::collections::BTreeMap;

use firebell_core::telemetry::Span;
use sha2::{Digest, Sha256};

/// A trace counts as slow from so many times the median of traces that begin like it.
const SLOW: f64 = 2.0;

/// What was kept of the traces that there were.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    /// Whole traces, failed and slow ones first, each in the order of its time.
    pub(crate) spans: Vec<Span>,
    /// How many traces there were.
    pub(crate) total: usize,
    /// With which shares they were kept, where not all were.
    pub(crate) note: Option<String>,
}

struct Trace {
    spans: Vec<Span>,
    failed: bool,
    /// Times the median.
    slowness: f64,
    /// Place in the draw.
    lot: [u8; 32],
    drawn: bool,
}

/// Keeps `limit` whole traces. `any` tells the ids of those that were not come by for failing or being slow: only among them
/// is drawn.
pub(crate) fn sample_traces(spans: Vec<Span>, limit: usize, any: impl Fn(&str) -> bool) -> Kept {
    let mut by_id: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for span in spans {
        by_id.entry(span.trace_id.clone()).or_default().push(span);
    }
    let total = by_id.len();
    let usual = usual(by_id.values());
    let mut pool = 0;
    let mut traces: Vec<Trace> = Vec::with_capacity(total);
    let mut others: Vec<Trace> = Vec::new();
    for (id, spans) in by_id {
        let trace = Trace {
            failed: spans.iter().any(|s| s.error),
            slowness: slowness(&spans, &usual),
            lot: Sha256::digest(&id).into(),
            drawn: false,
            spans,
        };
        if any(&id) {
            pool += 1;
            traces.push(trace);
        } else {
            others.push(trace);
        }
    }
    traces.sort_by_key(|t| t.lot);
    let drawn = pool.min(limit.div_ceil(2));
    traces.iter_mut().take(drawn).for_each(|t| t.drawn = true);
    traces.extend(others);
    let count = |of: &dyn Fn(&Trace) -> bool| traces.iter().filter(|t| of(t)).count();
    let slow = |t: &Trace| !t.failed && t.slowness >= SLOW;
    let (failed_of, slow_of) = (count(&|t| t.failed), count(&slow));
    // The failed, then the slow by how slow, then whichever the draw has next.
    let order = |a: &Trace, b: &Trace| {
        let times = |t: &Trace| if slow(t) { t.slowness } else { 0.0 };
        let kind = |t: &Trace| (!t.failed, !slow(t));
        kind(a).cmp(&kind(b)).then(times(b).total_cmp(&times(a))).then_with(|| a.lot.cmp(&b.lot))
    };
    traces.sort_by(|a, b| b.drawn.cmp(&a.drawn).then_with(|| order(a, b)));
    traces.truncate(limit);
    traces.sort_by(order);
    let note = (total > traces.len()).then(|| {
        format!(
            "{} of {total} traces kept: {drawn} of {pool} drawn evenly ({:.0} %; shares and rates hold for these), and in the \
             rest of the room failed and slow ones first; {} and {} are among them",
            traces.len(),
            drawn as f64 * 100.0 / pool.max(1) as f64,
            part(traces.iter().filter(|t| t.failed).count(), failed_of, "failed"),
            part(traces.iter().filter(|t| slow(t)).count(), slow_of, "slow"),
        )
    });
    let mut out = Vec::new();
    for mut trace in traces {
        trace.spans.sort_by(|a, b| (a.start_us, &a.span_id).cmp(&(b.start_us, &b.span_id)));
        out.extend(trace.spans);
    }
    Kept { spans: out, total, note }
}

fn part(kept: usize, of: usize, what: &str) -> String {
    match of {
        _ if kept == of => format!("all {of} {what} ones"),
        _ => format!("{kept} of {of} {what} ones"),
    }
}

/// Median durations by how traces begin.
type Usual = BTreeMap<(String, String), i64>;

fn usual<'a>(traces: impl Iterator<Item = &'a Vec<Span>>) -> Usual {
    let mut durations: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    for root in traces.filter_map(|t| root(t)) {
        durations.entry((root.component.clone(), root.operation.clone())).or_default().push(root.duration_us);
    }
    durations
        .into_iter()
        .map(|(key, mut all)| {
            all.sort_unstable();
            let median = all.get(all.len() / 2).copied().unwrap_or(1).max(1);
            (key, median)
        })
        .collect()
}

fn slowness(trace: &[Span], usual: &Usual) -> f64 {
    root(trace).map_or(0.0, |r| {
        let median = usual.get(&(r.component.clone(), r.operation.clone())).copied().unwrap_or(1);
        r.duration_us as f64 / median as f64
    })
}

fn root(trace: &[Span]) -> Option<&Span> {
    trace.iter().find(|s| s.parent_id.is_none()).or_else(|| trace.iter().max_by_key(|s| s.duration_us))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use firebell_core::telemetry::SpanKind;

    use super::*;

    fn span(trace: &str, id: &str, parent: Option<&str>, us: i64, error: bool) -> Span {
        Span {
            source: "t".into(),
            trace_id: trace.into(),
            span_id: id.into(),
            parent_id: parent.map(str::to_owned),
            component: if parent.is_some() { "db" } else { "web" }.into(),
            operation: "op".into(),
            kind: SpanKind::Client,
            start_us: 0,
            duration_us: us,
            error,
            attributes: BTreeMap::new(),
        }
    }

    /// Of a thousand calls every twentieth stands still with its machine for a moment, and three fail.
    fn stalled() -> Vec<Span> {
        (0..1000)
            .flat_map(|i| {
                let id = format!("{i:032x}");
                let us = if i % 20 == 0 { 900 + i } else { 100 };
                let failed = i % 400 == 7;
                [span(&id, "a", None, us, failed), span(&id, "b", Some("a"), us - 50, failed)]
            })
            .collect()
    }

    fn ids(spans: &[Span]) -> BTreeSet<&str> {
        spans.iter().map(|s| s.trace_id.as_str()).collect()
    }

    /// What is drawn of these.
    fn draw(ids: BTreeSet<&str>, n: usize) -> BTreeSet<&str> {
        let mut lots: Vec<_> = ids.into_iter().map(|id| (Sha256::digest(id), id)).collect();
        lots.sort();
        lots.into_iter().take(n).map(|(_, id)| id).collect()
    }

    #[test]
    fn half_is_an_even_share_and_the_rest_has_failed_traces_and_slow_ones_first() {
        let all = stalled();
        let kept = sample_traces(all.clone(), 200, |_| true);
        let held = ids(&kept.spans);
        assert_eq!((held.len(), kept.spans.len(), kept.total), (200, 400, 1000));
        // The draw is as all are: about one in twenty is slow, and nothing is chosen.
        let drawn = draw(ids(&all), 100);
        assert!(drawn.is_subset(&held));
        let slow = |of: &BTreeSet<&str>| {
            let roots = all.iter().filter(|s| s.parent_id.is_none() && s.duration_us > 500);
            roots.filter(|s| of.contains(s.trace_id.as_str())).count()
        };
        assert!((1..=12).contains(&slow(&drawn)), "{}", slow(&drawn));
        assert_eq!(slow(&held), 50, "what is rare is there");
        assert_eq!(kept.spans.iter().filter(|s| s.error && s.parent_id.is_none()).count(), 3);
        assert!(kept.spans[..6].iter().all(|s| s.error) && kept.spans[6].duration_us > 500);
        assert_eq!(
            kept.note.expect("told"),
            "200 of 1000 traces kept: 100 of 1000 drawn evenly (10 %; shares and rates hold for these), and in the rest of the \
             room failed and slow ones first; all 3 failed ones and all 50 slow ones are among them"
        );
    }

    #[test]
    fn the_same_traces_are_kept_in_any_order() {
        let mut turned = stalled();
        turned.reverse();
        assert_eq!(sample_traces(turned, 200, |_| true), sample_traces(stalled(), 200, |_| true));
    }

    #[test]
    fn only_among_what_was_not_asked_for_by_failure_is_drawn() {
        let plain = |id: &str| u32::from_str_radix(&id[28..], 16).is_ok_and(|n| n < 500);
        let all = stalled();
        let kept = sample_traces(all.clone(), 20, plain);
        let pool = ids(&all).into_iter().filter(|id| plain(id)).collect();
        assert!(draw(pool, 10).is_subset(&ids(&kept.spans)));
        assert!(kept.note.is_some_and(|n| n.contains("10 of 500 drawn evenly (2 %")));
    }

    #[test]
    fn all_are_kept_where_all_fit_and_one_where_one_does() {
        let kept = sample_traces(stalled(), 1000, |_| true);
        assert_eq!((kept.spans.len(), kept.note), (2000, None));
        let one = sample_traces(stalled(), 1, |_| true);
        assert_eq!(ids(&one.spans).len(), 1);
        assert_eq!(sample_traces(Vec::new(), 5, |_| true), Kept { spans: Vec::new(), total: 0, note: None });
    }
}
