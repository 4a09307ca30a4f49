//! Picking, deriving and drawing.

use std::collections::BTreeMap;

use firebell_core::change::{Change, ChangeKind};
use firebell_core::telemetry::{MetricKind, Series, Telemetry};
use proptest::prelude::*;

use super::derive::rate;
use super::{ChartSpec, Marker, MarkerKind, Unit, change_markers, pick, render};
use crate::tests::story::{self, Outside};

const START: i64 = 1_790_000_000_000;

fn series(name: &str, labels: &[(&str, &str)], kind: MetricKind, value: impl Fn(i64) -> f64) -> Series {
    Series {
        source: "prometheus/main".into(),
        name: name.into(),
        labels: labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        component: None,
        kind,
        points: (0..40).map(|n| (START + n * 15_000, value(n))).collect(),
    }
}

/// 10 requests a second of which 2 fail from the 20th sample on; half of all take up to 0.1 s, all up to 1 s.
fn telemetry() -> Telemetry {
    let counter = MetricKind::Counter;
    let late = |n: i64| (n - 20).max(0) as f64;
    let bucket = MetricKind::HistogramBucket;
    let bounds = [("0.1", 5.0), ("1", 10.0), ("+Inf", 10.0)];
    let mut all = vec![
        series("http_requests_total", &[("service", "checkout"), ("status", "200")], counter, |n| {
            150.0 * n as f64 - 30.0 * late(n)
        }),
        series("http_requests_total", &[("service", "checkout"), ("status", "503")], counter, |n| {
            30.0 * late(n)
        }),
        series("http_requests_total", &[("service", "catalog"), ("status", "200")], counter, |n| {
            90.0 * n as f64
        }),
        series("db_pool_waiting", &[("service", "checkout")], MetricKind::Gauge, late),
        series("db_pool_waiting", &[("service", "catalog")], MetricKind::Gauge, |_| 0.0),
    ];
    all.extend(bounds.map(|(le, per_second)| {
        series(
            "http_request_duration_seconds_bucket",
            &[("service", "checkout"), ("le", le)],
            bucket,
            move |n| 15.0 * per_second * n as f64,
        )
    }));
    Telemetry { series: all, ..Telemetry::default() }
}

#[test]
fn the_series_that_matter_are_picked() {
    let charts = pick(&telemetry(), &story::verdict(&Outside::default()));
    let titles: Vec<&str> = charts.iter().map(|c| c.title.as_str()).collect();
    assert_eq!(
        titles,
        ["Indicator: db_pool_waiting", "Share of requests that fail", "Latency, 95th percentile"]
    );
    assert_eq!(charts[0].lines[0].0, "db_pool_waiting{service=\"checkout\"}");
    let names: Vec<&str> = charts[1].lines.iter().map(|l| l.0.as_str()).collect();
    assert_eq!(names, ["checkout"], "catalog is not on the path");
    let failed = &charts[1].lines[0].1;
    assert_eq!(failed.first().map(|p| p.1), Some(0.0));
    assert!(failed.last().is_some_and(|p| (p.1 - 0.2).abs() < 1e-9), "{failed:?}");
    // Half within 0.1 s, the rest even up to 1 s: the 95th percentile is nine tenths of the way.
    let p95 = &charts[2].lines[0].1;
    assert!(p95.iter().all(|p| (p.1 - 0.91).abs() < 1e-9), "{p95:?}");
}

#[test]
fn telemetry_without_series_gives_no_chart() {
    assert!(pick(&Telemetry::default(), &story::verdict(&Outside::default())).is_empty());
}

#[test]
fn a_counter_that_restarts_does_not_fall_below_zero() {
    assert_eq!(
        rate(&[(0, 10.0), (1000, 20.0), (2000, 5.0), (4000, f64::NAN), (4000, 9.0)]),
        [(1000, 10.0), (2000, 5.0), (4000, 2.0)]
    );
}

fn mark(n: i64, kind: MarkerKind, label: &str) -> Marker {
    let at = jiff::Timestamp::from_millisecond(START + n * 15_000).expect("in range");
    Marker { at, kind, label: label.to_owned() }
}

#[test]
fn a_chart_reads_in_light_and_dark_and_says_what_it_shows() {
    let charts = pick(&telemetry(), &story::verdict(&Outside::default()));
    let marks = [
        mark(20, MarkerKind::Onset, ""),
        mark(19, MarkerKind::Change, "deploy <b>1.8</b>"),
        mark(999, MarkerKind::Resolved, ""),
    ];
    let chart = render(&charts[1], &marks).expect("it can be drawn");
    assert_eq!(chart, render(&charts[1], &marks).expect("it can be drawn"), "equal input, equal bytes");
    assert_eq!(chart.notes.len(), 2, "what lies outside is not marked: {:?}", chart.notes);
    assert!(chart.notes[0].starts_with("1: change at ") && chart.notes[0].ends_with(": deploy <b>1.8</b>"));
    assert!(chart.summary.contains("checkout: 0 % at first, at most 20 %"), "{}", chart.summary);
    let svg = &chart.svg;
    assert!(svg.starts_with(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 300\" role=\"img\" aria-label=\"Share"
    ));
    assert!(svg.contains("currentColor") && svg.contains("#0A7BC2") && svg.trim_end().ends_with("</svg>"));
    assert!(!svg.contains("#010203") && !svg.contains("style=") && !svg.contains("<b>"));
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
}

#[test]
fn changes_near_the_onset_are_marked() {
    let change = |id: &str, component: &str, minutes: i64| Change {
        id: id.into(),
        at: story::at(-100 - 60 * minutes),
        kind: ChangeKind::Deploy,
        component: component.into(),
        from: None,
        to: None,
        by: None,
        source: None,
        commit: None,
        summary: format!("deploy {id}"),
        diff: None,
        files: Vec::new(),
    };
    let changes = vec![
        change("near", "service/checkout", 10),
        change("old", "service/checkout", 100),
        change("elsewhere", "service/search", 10),
        change("blamed", "service/search", 500),
    ];
    let mut verdict = story::verdict(&Outside::default());
    verdict.hypotheses[0].change = Some("blamed".to_owned());
    let labels: Vec<String> = change_markers(&Telemetry { changes, ..Telemetry::default() }, &verdict)
        .into_iter()
        .map(|m| m.label)
        .collect();
    assert_eq!(labels, ["deploy blamed (service/search)", "deploy near (service/checkout)"]);
}

#[test]
fn a_chart_of_nothing_is_refused() {
    let spec = |points: Vec<(i64, f64)>| ChartSpec {
        title: "x".into(),
        unit: Unit::Plain,
        lines: vec![("l".into(), points)],
    };
    assert!(render(&spec(Vec::new()), &[]).is_err());
    assert!(render(&spec(vec![(0, f64::NAN)]), &[]).is_err());
    assert!(render(&spec(vec![(0, 1.0)]), &[]).is_ok(), "one point is a chart");
    assert!(render(&spec(vec![(0, 5.0), (1000, 5.0)]), &[]).is_ok(), "so is a flat line");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_series_panics(
        points in proptest::collection::vec((prop_oneof![any::<i64>(), START..START + 3_600_000], any::<f64>()), 0..20),
        name in "\\PC{0,30}",
        kind in prop_oneof![Just(MetricKind::Counter), Just(MetricKind::Gauge), Just(MetricKind::HistogramBucket)],
    ) {
        let mut points = points;
        points.sort_by_key(|p| p.0);
        for metric in ["db_pool_waiting", "http_requests_total", "http_request_duration_seconds_bucket"] {
            let labels: BTreeMap<String, String> =
                [("service", name.as_str()), ("status", "500"), ("le", "1")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
            let series = Series { labels, points: points.clone(), kind, ..series(metric, &[], kind, |_| 0.0) };
            let telemetry = Telemetry { series: vec![series], ..Telemetry::default() };
            for spec in pick(&telemetry, &story::verdict(&Outside::default())) {
                if let Ok(chart) = render(&spec, &[]) {
                    prop_assert!(chart.svg.ends_with("</svg>\n"));
                }
            }
        }
    }
}
