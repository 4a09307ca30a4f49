//! One change point of one series in linear time.

use super::stats;

/// Where a series changed and how clearly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ChangePoint {
    /// Time of the first sample after the change, unix milliseconds.
    pub at: i64,
    /// Difference of the two means in robust scales of the part before.
    pub z: f64,
    /// Share of the variance that the split explains: little for noise, however calm its first part was.
    pub explained: f64,
}

/// Samples from which a change of the last few is looked for by itself as well: in so many it explains next to nothing.
const LONG: usize = 640;
/// How many the last few are.
const LAST: usize = 160;
/// By how much more of their variance it has to explain.
const CLEARER: f64 = 0.25;

/// The split that explains most of the variance, of all samples or of the last ones of many.
pub(crate) fn find(points: &[(i64, f64)]) -> Option<ChangePoint> {
    let whole = split(points);
    if points.len() < LONG {
        return whole;
    }
    let last = split(&points[points.len() - LAST..]);
    let explained = |c: &Option<ChangePoint>| c.map_or(0.0, |c| c.explained);
    if explained(&last) > explained(&whole) + CLEARER { last } else { whole }
}

/// The split into two parts that explains most of the variance, if any does.
fn split(points: &[(i64, f64)]) -> Option<ChangePoint> {
    let n = points.len();
    if n < 4 {
        return None;
    }
    let values: Vec<f64> = points.iter().map(|p| p.1).collect();
    let order = stats::sorted(&values);
    // Winsorised, so that one spike is no change.
    let (low, high) = (stats::quantile(&order, 0.02), stats::quantile(&order, 0.98));
    let clipped: Vec<f64> = values.iter().map(|v| v.clamp(low, high)).collect();
    let total: f64 = clipped.iter().sum();
    let margin = if n < 10 { 1 } else { if n < 24 { 3 } else { (n / 8).clamp(5, 40) } };
    let mut best = (0.0, 0usize);
    let mut left = 0.0;
    for (k, v) in clipped.iter().enumerate() {
        if k >= margin && k + margin.min(2) <= n {
            let (a, b) = (left / k as f64, (total - left) / (n - k) as f64);
            let gain = (a - b).powi(2) * k as f64 * (n - k) as f64 / n as f64;
            if gain > best.0 {
                best = (gain, k);
            }
        }
        left += v;
    }
    let k = best.1;
    // A best split at the early edge of the search is a warm-up or noise, not a step.
    if k == 0 || (n >= 24 && k == margin) {
        return None;
    }
    let before = &values[..k];
    let after = &values[k..];
    let sorted = stats::sorted(before);
    let spread = (stats::quantile(&sorted, 0.9) - stats::quantile(&sorted, 0.1)) / 2.56;
    let middle = stats::quantile(&sorted, 0.5);
    let whole = (high - low).abs();
    let scale = spread.max(0.05 * middle.abs()).max(0.02 * whole).max(1e-12);
    let mean = total / n as f64;
    let variance: f64 = clipped.iter().map(|v| (v - mean).powi(2)).sum();
    let explained = if variance > 0.0 { best.0 / variance } else { 0.0 };
    Some(ChangePoint { at: points[k].0, z: (stats::median(after) - middle) / scale, explained })
}
