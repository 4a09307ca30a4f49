//! Golden traces for each pattern, and what holds for any spans.

use firebell_core::telemetry::{Labels, Span, SpanKind};
use proptest::prelude::*;

use super::*;
use crate::trace::forest::Forest;

fn span(trace: &str, id: &str, parent: &str, at: (&str, &str), start_ms: i64, ms: i64) -> Span {
    Span {
        source: "traces/t.json".into(),
        trace_id: trace.into(),
        span_id: id.into(),
        parent_id: (!parent.is_empty()).then(|| parent.to_owned()),
        component: at.0.into(),
        operation: at.1.into(),
        kind: SpanKind::Internal,
        start_us: start_ms * 1000,
        duration_us: ms * 1000,
        error: false,
        attributes: Labels::new(),
    }
}

fn failing(mut s: Span) -> Span {
    s.error = true;
    s
}

fn kinds(r: &TraceReport) -> Vec<PatternKind> {
    let mut k: Vec<PatternKind> = r.patterns.iter().map(|p| p.kind).collect();
    k.sort_unstable();
    k.dedup();
    k
}

#[test]
fn the_critical_path_is_what_the_duration_consists_of() {
    let r = explain_traces(&[
        span("t", "1", "", ("edge", "GET /"), 0, 100),
        span("t", "2", "1", ("a", "quick"), 10, 30),
        span("t", "3", "1", ("b", "slow"), 20, 70),
        span("t", "4", "3", ("b", "SELECT"), 30, 50),
    ]);
    let v = &r.shown[0];
    let told: Vec<_> = v
        .path
        .iter()
        .map(|p| (p.operation.as_str(), p.depth, p.path_us / 1000, p.through_us / 1000))
        .collect();
    // The quick call ran beside the slow one: nobody waited for it.
    assert_eq!(told, [("GET /", 0, 30, 100), ("slow", 1, 20, 70), ("SELECT", 2, 50, 50)]);
    assert_eq!((v.path[0].self_us, v.path[0].wait_us), (20_000, 80_000));
}

#[test]
fn a_child_that_outlives_its_parent_is_cut_and_told() {
    let r = explain_traces(&[
        failing(span("t", "1", "", ("edge", "GET /"), 0, 100)),
        span("t", "2", "1", ("a", "report"), 5, 400),
    ]);
    assert_eq!(r.shown[0].path.iter().map(|p| p.path_us).sum::<i64>(), 100_000);
    assert_eq!(kinds(&r), [PatternKind::DeadlineMismatch]);
    assert!(r.patterns[0].text.contains("305 ms"), "{}", r.patterns[0].text);
}

#[test]
fn failures_begin_at_the_deepest_span_that_fails_first() {
    let mut deep = failing(span("t", "3", "2", ("bank", "charge"), 20, 10));
    deep.attributes.insert("exception.message".into(), "card declined".into());
    let r = explain_traces(&[
        failing(span("t", "1", "", ("edge", "POST /"), 0, 100)),
        failing(span("t", "2", "1", ("pay", "pay"), 10, 40)),
        deep,
        failing(span("t", "4", "1", ("mail", "send"), 60, 30)),
    ]);
    assert_eq!(r.origins.len(), 1);
    assert_eq!((r.origins[0].component.as_str(), r.origins[0].traces), ("bank", 1));
    assert_eq!(r.shown[0].message.as_deref(), Some("card declined"));
}

#[test]
fn equal_queries_one_after_another_are_an_n_plus_one() {
    let mut spans = vec![span("t", "p", "", ("shop", "list"), 0, 100)];
    for i in 0..8 {
        spans.push(span("t", &format!("q{i}"), "p", ("shop", "SELECT item"), i * 10, 9));
    }
    let r = explain_traces(&spans);
    assert_eq!(kinds(&r), [PatternKind::NPlusOne]);
    assert_eq!((r.patterns[0].component.as_str(), r.patterns[0].count), ("shop", 8));
    // All at once is no N+1: one query more costs nothing.
    for s in &mut spans[1..] {
        s.start_us = 0;
    }
    assert!(kinds(&explain_traces(&spans)).is_empty());
}

#[test]
fn a_call_that_is_made_again_because_it_failed_is_a_retry() {
    let r = explain_traces(&[
        span("t", "p", "", ("shop", "order"), 0, 100),
        failing(span("t", "1", "p", ("bank", "charge"), 0, 20)),
        failing(span("t", "2", "p", ("bank", "charge"), 25, 20)),
        span("t", "3", "p", ("bank", "charge"), 50, 20),
    ]);
    assert_eq!(kinds(&r), [PatternKind::Retry]);
    assert!(r.patterns[0].text.contains("up to 3 attempts"), "{}", r.patterns[0].text);
}

#[test]
fn failing_calls_of_equal_length_reach_a_time_limit() {
    let mut spans: Vec<Span> = (0..4)
        .map(|i| failing(span(&format!("t{i}"), "1", "", ("shop", "call bank"), i * 5000, 2000 + i)))
        .collect();
    assert_eq!(kinds(&explain_traces(&spans)), [PatternKind::TimeLimit]);
    for (i, s) in spans.iter_mut().enumerate() {
        s.duration_us = 1_700_000 + 90_000 * i as i64;
    }
    assert!(kinds(&explain_traces(&spans)).is_empty());
}

#[test]
fn a_wait_that_grows_with_the_calls_that_are_there_is_a_queue() {
    let calls = |grows: i64| -> Vec<Span> {
        (0..40)
            .flat_map(|i: i64| {
                // Bursts of ten at once, then ten one by one.
                let (start, there) = if i % 20 < 10 {
                    (i / 20 * 10_000, i % 20)
                } else {
                    (i / 20 * 10_000 + 2_000 + i % 20 * 200, 0)
                };
                let wait = 2 + grows * there;
                let t = format!("t{i}");
                [
                    span(&t, "1", "", ("edge", "call"), start + there, 60 + wait),
                    span(&t, "2", "1", ("shop", "GET"), start + there + wait, 50),
                ]
            })
            .collect()
    };
    assert_eq!(kinds(&explain_traces(&calls(15))), [PatternKind::Queueing]);
    assert!(kinds(&explain_traces(&calls(0))).is_empty());
}

#[test]
fn what_is_wrong_with_spans_is_told_and_survived() {
    let mut negative = span("t", "5", "1", ("a", "x"), 10, 5);
    negative.duration_us = -7;
    let spans = [
        span("t", "1", "", ("edge", "GET /"), 0, 100),
        span("t", "2", "1", ("a", "x"), 10, 50),
        span("t", "2", "1", ("a", "x"), 10, 50),
        span("t", "3", "gone", ("a", "x"), 20, 5),
        negative,
        span("u", "1", "2", ("a", "x"), 0, 5),
        span("u", "2", "1", ("a", "x"), 1, 5),
        span("", "9", "", ("a", "x"), 1, 5),
    ];
    let r = explain_traces(&spans);
    let told: Vec<(DefectKind, usize)> = r.defects.iter().map(|d| (d.kind, d.count)).collect();
    assert_eq!(
        told,
        [
            (DefectKind::Duplicate, 1),
            (DefectKind::MissingParent, 1),
            (DefectKind::Cycle, 2),
            (DefectKind::NegativeDuration, 1),
            (DefectKind::NoId, 1),
        ]
    );
    assert_eq!((r.spans, r.traces), (6, 2));
}

#[test]
fn clocks_that_disagree_are_told_and_aligned() {
    let spans: Vec<Span> = (0..3)
        .flat_map(|i| {
            let t = format!("t{i}");
            [
                span(&t, "1", "", ("edge", "call"), i * 1000, 100),
                // The clock of the shop is half a second behind.
                span(&t, "2", "1", ("shop", "GET"), i * 1000 + 10 - 500, 80),
                span(&t, "3", "2", ("shop", "SELECT"), i * 1000 + 20 - 500, 10),
            ]
        })
        .collect();
    let f = Forest::build(&spans);
    assert_eq!(f.start[1..3], [10_000, 20_000]);
    assert_eq!(f.defects[0].example, "the clock of shop is 500 ms behind that of edge");
}

#[test]
fn the_service_graph_has_rates_errors_and_what_the_way_costs() {
    let mut query = failing(span("t", "4", "3", ("shop", "query"), 30, 20));
    query.kind = SpanKind::Client;
    query.attributes.insert("peer.service".into(), "orders-db".into());
    let r = explain_traces(&[
        span("t", "1", "", ("edge", "GET /"), 0, 1000),
        span("t", "2", "1", ("edge", "call"), 10, 100),
        span("t", "3", "2", ("shop", "GET"), 20, 70),
        query,
    ]);
    let told: Vec<_> = r
        .calls
        .iter()
        .map(|c| (c.caller.as_str(), c.callee.as_str(), c.calls, c.errors, c.seen, c.gap_us))
        .collect();
    assert_eq!(told, [("edge", "shop", 1, 0, true, Some(30_000)), ("shop", "orders-db", 1, 1, false, None)]);
    assert!((r.calls[0].per_second - 1.0).abs() < 0.01 && (r.calls[0].per_request - 1.0).abs() < 0.01);
}

#[test]
fn normal_traces_show_what_is_different() {
    let day = |own: i64, way: i64, mails: bool| -> Vec<Span> {
        (0..12)
            .flat_map(|i| {
                let t = format!("t{i}");
                let mut out = vec![
                    span(&t, "1", "", ("edge", "GET /"), i * 1000, 400 + own + way),
                    span(&t, "2", "1", ("edge", "call"), i * 1000, 100 + own + way + i % 3),
                    span(&t, "3", "2", ("shop", "GET"), i * 1000 + 1, 98 + own),
                ];
                if mails {
                    out.push(span(&t, "4", "3", ("mail", "send"), i * 1000 + 5, 10));
                }
                out
            })
            .collect()
    };
    let normal = day(0, 0, true);
    let found = |now: Vec<Span>| -> Vec<(DifferenceKind, String)> {
        explain_traces_against(&now, Some(&normal), None)
            .differences
            .into_iter()
            .map(|d| (d.kind, d.component))
            .collect()
    };
    assert!(found(normal.clone()).is_empty());
    assert_eq!(found(day(200, 0, true))[0], (DifferenceKind::SlowerItself, "shop".to_owned()));
    assert_eq!(found(day(0, 200, true))[0], (DifferenceKind::Gap, "shop".to_owned()));
    assert_eq!(found(day(0, 0, false)), [(DifferenceKind::FewerCalls, "shop".to_owned())]);
}

#[test]
fn one_trace_is_shown_when_it_is_asked_for() {
    let spans = [span("aa", "1", "", ("edge", "x"), 0, 10), span("bb", "1", "", ("edge", "y"), 0, 90)];
    let r = explain_traces_against(&spans, None, Some("AA"));
    assert_eq!(r.shown.iter().map(|v| v.trace_id.as_str()).collect::<Vec<_>>(), ["aa"]);
    assert!(explain_traces_against(&spans, None, Some("cc")).shown.is_empty());
}

fn any_span() -> impl Strategy<Value = Span> {
    let times = prop_oneof![4 => 0i64..2000, 1 => any::<i64>()];
    let lasts = prop_oneof![6 => 0i64..500, 1 => -5i64..0, 1 => any::<i64>()];
    (0u8..3, 0u8..12, proptest::option::of(0u8..12), 0u8..3, 0u8..3, times, lasts, any::<bool>(), 0u8..5)
        .prop_map(|(trace, id, parent, component, operation, start, duration, error, kind)| Span {
            source: "s".into(),
            trace_id: format!("{trace}"),
            span_id: format!("{id}"),
            parent_id: parent.map(|p| format!("{p}")),
            component: format!("c{component}"),
            operation: format!("o{operation}"),
            kind: [
                SpanKind::Internal,
                SpanKind::Server,
                SpanKind::Client,
                SpanKind::Producer,
                SpanKind::Consumer,
            ][kind as usize],
            start_us: start,
            duration_us: duration,
            error,
            attributes: Labels::new(),
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_spans_are_survived(
        spans in prop::collection::vec(any_span(), 0..60), normal in prop::collection::vec(any_span(), 0..30),
    ) {
        let forest = Forest::build(&spans);
        for root in forest.roots() {
            let pieces = path::critical(&forest, root);
            let sum: i64 = pieces.iter().map(|p| p.to - p.from).sum();
            prop_assert!(sum <= forest.duration[root as usize]);
            prop_assert!(pieces.windows(2).all(|w| w[1].to <= w[0].from));
        }
        let own = times::own(&forest);
        prop_assert!(own.iter().zip(&forest.duration).all(|(o, d)| 0 <= *o && o <= d));
        // Each span that has an id once, and below exactly one root.
        let mut order = forest.order.clone();
        order.sort_unstable();
        order.dedup();
        prop_assert_eq!(order.len(), forest.order.len());
        let ids: std::collections::BTreeSet<_> = spans.iter().map(|s| (&s.trace_id, &s.span_id)).collect();
        prop_assert_eq!(ids.len(), forest.order.len());
        let told = |r: &TraceReport| serde_json::to_string(r).expect("serialises");
        let first = explain_traces_against(&spans, Some(&normal), None);
        prop_assert_eq!(told(&first), told(&explain_traces_against(&spans, Some(&normal), None)));
    }
}

#[test]
fn a_chain_deeper_than_the_stack_is_survived() {
    let spans: Vec<Span> = (0..60_000)
        .map(|i: i64| {
            span(
                "t",
                &i.to_string(),
                &if i > 0 { (i - 1).to_string() } else { String::new() },
                ("a", "x"),
                i,
                100_000 - i,
            )
        })
        .collect();
    let r = explain_traces(&spans);
    assert_eq!((r.spans, r.traces, r.defects.len()), (60_000, 1, 0));
}
