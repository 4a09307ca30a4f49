//! Own time against waiting: what of a span's duration no child covers.

use super::forest::Forest;

/// Microseconds of each span that none of its children covers; children are cut to their parent's span.
pub(crate) fn own(forest: &Forest<'_>) -> Vec<i64> {
    let mut out = vec![0; forest.spans.len()];
    for &i in &forest.order {
        let (start, end) = (forest.start[i as usize], forest.end(i));
        let (mut covered, mut reached) = (0, start);
        // Children come by start.
        for &k in forest.kids(i) {
            let (a, b) = (forest.start[k as usize].clamp(start, end), forest.end(k).clamp(start, end));
            covered += (b - a.max(reached)).max(0);
            reached = reached.max(b);
        }
        out[i as usize] = (end - start - covered).max(0);
    }
    out
}

/// The `q`-quantile of sorted values; 0 for none.
pub(crate) fn quantile(sorted: &[i64], q: f64) -> i64 {
    match sorted.len() {
        0 => 0,
        n => sorted[((n - 1) as f64 * q).round() as usize],
    }
}

/// The median; sorts.
pub(crate) fn middle(values: &mut [i64]) -> i64 {
    values.sort_unstable();
    quantile(values, 0.5)
}
