//! Which raw series shows a feature best: of all routes, codes and buckets the one that moved most.

use std::collections::BTreeMap;

use firebell_core::telemetry::{Labels, Series};

use crate::case::Case;
use crate::series::features::Feature;

/// Index of the series to cite. Only sums of counters have a choice.
pub(crate) fn series(case: &Case<'_>, feature: &Feature) -> Option<usize> {
    let first = feature.series?;
    let counted = ["_total", "_count", "_sum", "_bucket"].iter().any(|end| feature.name.ends_with(end));
    if feature.members.len() < 2 || !counted {
        return Some(first);
    }
    // Buckets of one route belong together: what is missing in the smaller ones was slow.
    let mut groups: BTreeMap<Labels, (f64, Vec<(f64, usize)>)> = BTreeMap::new();
    for i in &feature.members {
        let Some(s) = case.t.series.get(*i) else { continue };
        let mut labels = s.labels.clone();
        let bound = labels.remove("le").map(|le| le.parse().unwrap_or(f64::INFINITY));
        let slot = groups.entry(labels).or_default();
        let grown = growth(case, s);
        slot.0 += match bound {
            Some(le) if le.is_finite() => -grown,
            _ => grown,
        };
        slot.1.push((bound.unwrap_or(f64::INFINITY), *i));
    }
    for slot in groups.values_mut() {
        let buckets = slot.1.len();
        if buckets > 1 {
            // The bucket without bound stands against each of the others.
            let whole = slot.1.iter().filter(|b| b.0.is_infinite()).map(|b| b.1);
            let all: f64 = whole.filter_map(|i| case.t.series.get(i)).map(|s| growth(case, s)).sum();
            slot.0 += all * (buckets as f64 - 2.0);
        }
    }
    let best = groups.into_iter().max_by(|a, b| a.1.0.total_cmp(&b.1.0).then_with(|| b.0.cmp(&a.0)))?;
    if best.1.1.iter().any(|m| m.1 == first) {
        return Some(first);
    }
    best.1.1.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)).map(|m| m.1)
}

/// By how much a counter's rate rose with the onset.
fn growth(case: &Case<'_>, s: &Series) -> f64 {
    let (mut base, mut fault) = ((0.0, 0i64), (0.0, 0i64));
    for w in s.points.windows(2) {
        let part = if case.frame.is_fault(w[1].0) {
            &mut fault
        } else if case.frame.is_base(w[1].0) {
            &mut base
        } else {
            continue;
        };
        part.0 += (w[1].1 - w[0].1).max(0.0);
        part.1 += w[1].0 - w[0].0;
    }
    let rate = |part: (f64, i64)| if part.1 > 0 { part.0 / part.1 as f64 } else { 0.0 };
    rate(fault) - rate(base)
}
