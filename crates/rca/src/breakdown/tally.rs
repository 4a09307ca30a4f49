//! The arithmetic: excess, explanatory power and surprise of the values of one label.

use std::collections::BTreeMap;

use firebell_core::telemetry::Labels;

use super::{BEYOND, Breakdown, CLEAR, FEW, HALF, LEAST, MOST, PRIOR};
use crate::series::features::Feature;

/// One raw series: requests, and what they suffered, in the normal and in the faulty part.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    pub(super) labels: &'a Labels,
    pub(super) requests: (f64, f64),
    pub(super) suffered: (f64, f64),
    pub(super) series: usize,
    /// Requests are not known: each series counts the same.
    pub(super) even: bool,
}

/// What the outcome's own label is worth beside others.
const OUTCOME: f64 = 0.1;

#[derive(Debug, Default)]
struct Row {
    requests: (f64, f64),
    suffered: (f64, f64),
    series: Vec<(f64, usize)>,
}

/// What the values of a label explain; its surprise and the finding, where it is one.
pub(super) fn by_label(
    f: &Feature,
    slow: bool,
    label: &str,
    tallies: &[Tally<'_>],
) -> Option<(f64, Breakdown)> {
    let even = tallies.iter().any(|t| t.even);
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for t in tallies {
        let row = rows.entry(t.labels.get(label).map_or("", String::as_str)).or_default();
        row.requests = (row.requests.0 + t.requests.0, row.requests.1 + t.requests.1);
        row.suffered = (row.suffered.0 + t.suffered.0, row.suffered.1 + t.suffered.1);
        row.series.push((t.suffered.1, t.series));
    }
    // A label whose values either always fail or never do is the outcome itself: little news.
    let outcome =
        !even && !slow && rows.values().all(|r| r.suffered.1 <= 0.0 || r.requests.1 <= r.suffered.1);
    if rows.len() < 2 {
        return None;
    }
    let sum = |of: &dyn Fn(&Row) -> f64| rows.values().map(of).sum::<f64>();
    let (before, during) = (sum(&|r| r.requests.0), sum(&|r| r.requests.1));
    let usual = if before > 0.0 { sum(&|r| r.suffered.0) / before } else { 0.0 };
    // A few requests more or less say nothing of a value; of a gauge there is one of each.
    let prior = if even { 0.0 } else { PRIOR };
    let expected = |r: &Row| match r.requests.0 + prior {
        n if n > 0.0 => (r.suffered.0 + usual * prior) / n * r.requests.1,
        _ => usual * r.requests.1,
    };
    let mut order: Vec<(f64, &str, &Row)> =
        rows.iter().map(|(v, r)| (r.suffered.1 - expected(r), *v, r)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let excess: f64 = order.iter().map(|o| o.0).sum();
    let counted = !slow && !even;
    let chance = if counted { CLEAR * (usual * during + 1.0).sqrt() } else { 0.0 };
    if excess <= chance || during <= 0.0 {
        return None;
    }
    let (mut share, mut traffic, mut past, mut surprise) = (0.0, 0.0, 0.0, 0.0);
    let mut taken = Vec::new();
    for (own, value, row) in &order {
        if share >= MOST || taken.len() >= FEW || (counted && *own < LEAST) || value.is_empty() || *own <= 0.0
        {
            break;
        }
        let (q, p) = (own / excess, row.requests.1 / during);
        share += q;
        traffic += p;
        past += if before > 0.0 { row.requests.0 / before } else { 0.0 };
        surprise += divergence(p, q.min(1.0));
        taken.push((*value, *row));
    }
    let share = share.min(1.0);
    if share < MOST || share - traffic < BEYOND || traffic > HALF || taken.len() * 2 > rows.len() {
        return None;
    }
    let worst = taken.first()?.1.series.iter().max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))?;
    Some((
        if outcome { OUTCOME * surprise } else { surprise },
        Breakdown {
            component: f.component.clone(),
            peer: f.peer.clone(),
            name: f.name.clone(),
            slow,
            label: label.to_owned(),
            values: taken.iter().map(|t| t.0.to_owned()).collect(),
            share,
            traffic,
            of: even.then_some(rows.len()),
            before: past,
            series: worst.1,
        },
    ))
}

/// A value's part in the Jensen-Shannon divergence of two distributions, natural logarithms.
fn divergence(p: f64, q: f64) -> f64 {
    let part = |x: f64| if x > 0.0 { x * (2.0 * x / (p + q)).ln() } else { 0.0 };
    0.5 * (part(p) + part(q))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::kinds::Kind;

    fn feature() -> Feature {
        Feature {
            component: "service/a".into(),
            peer: None,
            kind: Kind::Errors,
            name: "requests_total".into(),
            detail: None,
            points: Vec::new(),
            raw: None,
            period: None,
            events: Vec::new(),
            series: Some(0),
            members: Vec::new(),
        }
    }

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn the_value_that_has_most_of_the_excess_and_little_of_the_traffic_is_told() {
        let (old, new) =
            (labels(&[("version", "v1"), ("zone", "a")]), labels(&[("version", "v2"), ("zone", "a")]));
        let other = labels(&[("version", "v1"), ("zone", "b")]);
        let tally =
            |labels, requests, suffered, series| Tally { labels, requests, suffered, series, even: false };
        let tallies = [
            tally(&old, (5000.0, 2500.0), (5.0, 6.0), 0),
            tally(&other, (5000.0, 2000.0), (5.0, 4.0), 1),
            tally(&new, (0.0, 500.0), (0.0, 100.0), 2),
        ];
        let (_, b) = by_label(&feature(), false, "version", &tallies).expect("a finding");
        assert_eq!(b.text(), "95 % of the excess is version=v2, 10 % of the traffic");
        assert_eq!((b.before, b.series), (0.0, 2));
        assert!(by_label(&feature(), false, "zone", &tallies).is_none());
    }

    #[test]
    fn what_all_values_suffer_alike_is_no_finding() {
        let all = [labels(&[("zone", "a")]), labels(&[("zone", "b")]), labels(&[("zone", "c")])];
        let tallies: Vec<Tally<'_>> = all
            .iter()
            .enumerate()
            .map(|(series, labels)| Tally {
                labels,
                requests: (1000.0, 1000.0),
                suffered: (1.0, 90.0 + series as f64),
                series,
                even: false,
            })
            .collect();
        assert!(by_label(&feature(), false, "zone", &tallies).is_none());
    }
}
