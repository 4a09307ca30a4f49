//! Histograms and their quantiles.

use super::*;

#[test]
fn an_observation_on_a_bound_belongs_to_that_bucket() {
    let mut histogram = Histogram::default();
    for value in [0.005, 0.0051, 100.0] {
        histogram.observe(value, None);
    }
    assert_eq!((histogram.counts[2], histogram.counts[3], histogram.counts[BOUNDS.len()]), (1, 1, 1));
    assert_eq!(histogram.count, 3);
}

#[test]
fn quantiles_are_linear_within_a_bucket() {
    let cases = [
        (0.5, vec![(1.0, 10.0), (2.0, 20.0), (f64::INFINITY, 20.0)], Some(1.0)),
        (0.75, vec![(1.0, 10.0), (2.0, 20.0), (f64::INFINITY, 20.0)], Some(1.5)),
        (0.99, vec![(1.0, 0.0), (2.0, 0.0), (f64::INFINITY, 5.0)], Some(2.0)),
        (0.5, vec![(1.0, 0.0), (f64::INFINITY, 0.0)], None),
        (0.5, vec![], None),
    ];
    for (q, buckets, want) in cases {
        assert_eq!(quantile(q, &buckets), want, "{q} of {buckets:?}");
    }
}

#[test]
fn a_new_process_counts_from_zero_and_its_supervisor_goes_on() {
    let registry = Registry::default();
    registry.inc("http_requests_total", &[("code", "200")]);
    registry.inc("process_restarts_total", &[("reason", "oom")]);
    registry.restart(&["process_restarts_total"]);
    registry.inc("http_requests_total", &[("code", "200")]);
    registry.inc("process_restarts_total", &[("reason", "oom")]);
    let all = registry.snapshot();
    let number = |name: &str| all[name].values().next().cloned();
    assert_eq!(number("http_requests_total"), Some(Value::Number(1.0)));
    assert_eq!(number("process_restarts_total"), Some(Value::Number(2.0)));
}

#[test]
fn every_metric_has_a_unique_name() {
    let mut names: Vec<_> = DESCS.iter().map(|d| d.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), DESCS.len());
}
