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
fn every_metric_has_a_unique_name() {
    let mut names: Vec<_> = DESCS.iter().map(|d| d.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), DESCS.len());
}
