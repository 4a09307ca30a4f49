//! Quantiles from cumulative buckets.

/// The `q`-quantile of cumulative counts by upper bound, linear inside a bucket; `None` for no observations.
pub(crate) fn quantile(buckets: &[(f64, f64)], q: f64) -> Option<f64> {
    let total = buckets.last()?.1;
    if total <= 0.0 {
        return None;
    }
    let want = q * total;
    let (mut bound, mut count) = (0.0, 0.0);
    for (le, cumulative) in buckets {
        if *cumulative >= want {
            if le.is_infinite() {
                return Some(bound);
            }
            let inside = (cumulative - count).max(1e-12);
            return Some(bound + (le - bound) * ((want - count) / inside).clamp(0.0, 1.0));
        }
        bound = if le.is_finite() { *le } else { bound };
        count = *cumulative;
    }
    Some(bound)
}
