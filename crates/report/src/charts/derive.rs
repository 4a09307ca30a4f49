//! Rates, ratios and quantiles from raw series. Counters come as they are stored; charts show what they mean.

use std::collections::BTreeMap;

use firebell_core::telemetry::{MetricKind, Series};

/// Points of one line; more are thinned by bins.
const MAX_POINTS: i64 = 240;

/// `(unix milliseconds, value)` in order of time.
pub(super) type Points = Vec<(i64, f64)>;

/// Whether the values only rise.
pub(super) fn is_counter(series: &Series) -> bool {
    match series.kind {
        MetricKind::Counter | MetricKind::HistogramBucket => true,
        MetricKind::Gauge => false,
        MetricKind::Unknown => {
            ["_total", "_bucket", "_count", "_sum"].iter().any(|end| series.name.ends_with(end))
        }
    }
}

/// The last instant of the year 9999: what a calendar can show.
const FAR: i64 = 253_402_207_200_000;

/// Finite points at instants that a calendar knows, ascending, one an instant.
pub(super) fn clean(points: &[(i64, f64)]) -> Points {
    let mut by_time = BTreeMap::new();
    for (at, value) in points.iter().filter(|(at, v)| (-FAR..=FAR).contains(at) && v.is_finite()) {
        by_time.insert(*at, *value);
    }
    by_time.into_iter().collect()
}

/// Increase a second between neighbours; a fall is a restart from zero.
pub(super) fn rate(points: &[(i64, f64)]) -> Points {
    let points = clean(points);
    points
        .windows(2)
        .map(|pair| {
            let ((t0, v0), (t1, v1)) = (pair[0], pair[1]);
            let grown = if v1 >= v0 { v1 - v0 } else { v1 };
            (t1, grown / ((t1 - t0) as f64 / 1000.0))
        })
        .filter(|(_, v)| v.is_finite())
        .collect()
}

/// The grid that several series are added up on: a bin's width in milliseconds.
pub(super) fn bin_width(all: &[&Series]) -> i64 {
    let mut steps: Vec<i64> = all
        .iter()
        .take(50)
        .flat_map(|s| s.points.windows(2).take(200).map(|p| p[1].0.saturating_sub(p[0].0)))
        .filter(|d| *d > 0)
        .collect();
    steps.sort_unstable();
    let step = steps.get(steps.len() / 2).copied().unwrap_or(1000);
    let first = all.iter().filter_map(|s| s.points.first()).map(|p| p.0).min().unwrap_or(0);
    let last = all.iter().filter_map(|s| s.points.last()).map(|p| p.0).max().unwrap_or(0);
    step.max(last.saturating_sub(first) / MAX_POINTS).max(1)
}

/// Sum of rates by bin.
pub(super) fn summed_rate(series: &[&Series], width: i64) -> BTreeMap<i64, f64> {
    let mut sums = BTreeMap::new();
    for one in series {
        for (bin, value) in binned(&rate(&one.points), width) {
            *sums.entry(bin).or_insert(0.0) += value;
        }
    }
    sums
}

/// Means by bin, keyed by the bin's start.
pub(super) fn binned(points: &[(i64, f64)], width: i64) -> BTreeMap<i64, f64> {
    let mut bins: BTreeMap<i64, (f64, u32)> = BTreeMap::new();
    for (at, value) in points {
        let bin = bins.entry(at.div_euclid(width).saturating_mul(width)).or_insert((0.0, 0));
        bin.0 += value;
        bin.1 += 1;
    }
    bins.into_iter().map(|(at, (sum, n))| (at, sum / f64::from(n))).collect()
}

/// Part over whole, where there is a whole.
pub(super) fn ratio(part: &BTreeMap<i64, f64>, whole: &BTreeMap<i64, f64>) -> Points {
    whole
        .iter()
        .filter(|(_, total)| **total > 0.0)
        .map(|(at, total)| (*at, (part.get(at).copied().unwrap_or(0.0) / total).clamp(0.0, 1.0)))
        .collect()
}

/// A quantile of a histogram's buckets, linear within a bucket, as Prometheus computes it. `buckets`: upper bound and
/// series.
pub(super) fn quantile(q: f64, buckets: &[(f64, &Series)], width: i64) -> Points {
    let mut by_bound: BTreeMap<u64, (f64, Vec<&Series>)> = BTreeMap::new();
    for (bound, series) in buckets {
        by_bound.entry(ordered(*bound)).or_insert_with(|| (*bound, Vec::new())).1.push(series);
    }
    let rates: Vec<(f64, BTreeMap<i64, f64>)> =
        by_bound.into_values().map(|(bound, series)| (bound, summed_rate(&series, width))).collect();
    let Some((_, totals)) = rates.iter().max_by(|a, b| a.0.total_cmp(&b.0)) else { return Vec::new() };
    totals
        .iter()
        .filter(|(_, total)| **total > 0.0)
        .filter_map(|(at, total)| at_quantile(q, *at, *total, &rates))
        .collect()
}

fn at_quantile(q: f64, at: i64, total: f64, rates: &[(f64, BTreeMap<i64, f64>)]) -> Option<(i64, f64)> {
    let wanted = q * total;
    let (mut below, mut low) = (0.0, 0.0);
    for (bound, rate) in rates {
        let count = rate.get(&at).copied().unwrap_or(below);
        if count >= wanted {
            if !bound.is_finite() || count <= below {
                // Above the last bound nothing is known but that bound.
                return Some((at, low));
            }
            return Some((at, low + (bound - low) * (wanted - below) / (count - below)));
        }
        (below, low) = (count, if bound.is_finite() { *bound } else { low });
    }
    None
}

/// A key that sorts positive bounds by size, infinity last.
fn ordered(bound: f64) -> u64 {
    bound.max(0.0).to_bits()
}
