//! The places that can be accounted for: components, or parts of one, with requests and a sort of harm.

use std::collections::BTreeMap;

use crate::series::features::Feature;
use crate::series::kinds::Kind;

/// A sort of harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Time lost: latency times requests.
    Slow,
    /// Requests failed: failing share times requests.
    Failing,
}

/// Series of one component, or of one of the names under which it is known.
#[derive(Debug, Default)]
pub(super) struct Place<'a> {
    requests: Option<&'a Feature>,
    latency: Option<(u8, &'a Feature)>,
    failing: Option<(u8, &'a Feature)>,
}

/// Places by component and by the label that tells sisters apart.
pub(super) type Places<'a> = BTreeMap<(&'a str, &'a str), Place<'a>>;

pub(super) fn gather(features: &[Feature]) -> Places<'_> {
    let mut out: Places<'_> = BTreeMap::new();
    for f in features {
        if f.peer.is_some() || f.component.is_empty() || f.series.is_none() {
            continue;
        }
        let made = ["rate", "mean", "p95"];
        let label = f.detail.as_deref().filter(|d| !made.contains(d)).unwrap_or("");
        let place = out.entry((&f.component, label)).or_default();
        match f.kind {
            Kind::Workload => {
                let better =
                    place.requests.is_none_or(|r| f.name.contains("request") && !r.name.contains("request"));
                if better {
                    place.requests = Some(f);
                }
            }
            Kind::Latency => keep(&mut place.latency, latency_rank(f), f),
            Kind::Availability => keep(&mut place.failing, 1, f),
            // A share of requests, not a count: counts come as rates and are no share.
            Kind::Errors if !f.events.is_empty() && f.points.iter().all(|p| p.1 <= 1.0 + 1e-6) => {
                keep(&mut place.failing, 0, f);
            }
            _ => {}
        }
    }
    out
}

fn keep<'a>(slot: &mut Option<(u8, &'a Feature)>, rank: u8, f: &'a Feature) {
    if slot.is_none_or(|(held, _)| rank < held) {
        *slot = Some((rank, f));
    }
}

/// Means add up; a median comes close; high quantiles do not.
fn latency_rank(f: &Feature) -> u8 {
    let name = f.name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    if f.detail.as_deref() == Some("mean") || has(&["mean", "avg", "average"]) {
        0
    } else if has(&["p50", "median", "_50", "0.5"]) {
        1
    } else if has(&["p99", "_99", "p95", "_95", "max"]) {
        3
    } else {
        2
    }
}

/// One sample: time, requests, seconds or failing share.
pub(super) type Sample = (i64, f64, Option<f64>);

impl Place<'_> {
    /// Requests and harm for each request, at the times at which requests were counted.
    pub(super) fn samples(&self, sort: Sort) -> Option<Vec<Sample>> {
        let requests = self.requests?;
        let (harm, failing) = match sort {
            Sort::Slow => (self.latency?.1, false),
            Sort::Failing => (self.failing?.1, true),
        };
        let percent = harm.kind == Kind::Availability && harm.points.iter().any(|p| p.1 > 1.5);
        let value = |v: f64| match (failing, harm.kind, percent) {
            (true, Kind::Availability, true) => 1.0 - v / 100.0,
            (true, Kind::Availability, false) => 1.0 - v,
            _ => v,
        };
        let near = crate::series::features::step(&requests.points).max(2) / 2;
        let mut k = 0;
        // As many as there were, whatever is usual at that hour.
        let out = requests
            .level()
            .iter()
            .map(|(at, n)| {
                while harm.points.get(k).is_some_and(|p| p.0 < at - near) {
                    k += 1;
                }
                let y = harm.points.get(k).filter(|p| (p.0 - at).abs() <= near).map(|p| value(p.1));
                (*at, n.max(0.0), y)
            })
            .collect();
        Some(out)
    }
}
