//! Service level indicators from raw counters and histograms.

use std::collections::BTreeMap;

use firebell_core::policy::Policy;
use firebell_core::telemetry::Series;

use super::names::{Sort, is_failure, is_refused, route, sort, status};
use super::windows::service_of;

/// Routes of one service that are looked at; who labels raw addresses has more, and none of them says much.
const MAX_ROUTES: usize = 64;
/// Series that they are gathered from.
const MAX_ROUTE_SERIES: usize = 4096;

/// How one service did in one window.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Level {
    /// Requests answered.
    pub(crate) requests: f64,
    /// … with a server's failure.
    pub(crate) errors: f64,
    /// … with a gateway's time-out.
    pub(crate) timeouts: f64,
    /// Cumulative counts by upper bound in seconds, ascending.
    pub(crate) buckets: Vec<(f64, f64)>,
}

impl Level {
    /// Share of requests that failed.
    pub(crate) fn error_ratio(&self) -> Option<f64> {
        (self.requests >= 1.0).then(|| (self.errors / self.requests).clamp(0.0, 1.0))
    }

    /// 95th percentile of the response time, seconds.
    pub(crate) fn p95(&self) -> Option<f64> {
        quantile(0.95, &self.buckets)
    }

    /// Share of requests slower than `bound` seconds, as far as the buckets tell.
    pub(crate) fn slower_than(&self, bound: f64) -> Option<f64> {
        let total = self.buckets.last()?.1;
        if total < 1.0 {
            return None;
        }
        // The first bucket that surely holds everything up to the bound: rounds in favour of "fast enough".
        let within = self.buckets.iter().find(|(le, _)| *le >= bound).map_or(total, |b| b.1);
        Some((1.0 - within / total).clamp(0.0, 1.0))
    }
}

/// Events a second, with how many they are.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Rate {
    /// Events.
    pub(crate) count: f64,
    /// Events a second.
    pub(crate) per_s: f64,
}

/// Like Prometheus: linear inside the bucket, the highest finite bound beyond it.
fn quantile(q: f64, buckets: &[(f64, f64)]) -> Option<f64> {
    let total = buckets.last()?.1;
    if total < 1.0 {
        return None;
    }
    let rank = q * total;
    let (mut lower, mut below) = (0.0, 0.0);
    for (bound, count) in buckets {
        if *count >= rank {
            if bound.is_infinite() {
                return Some(lower);
            }
            let inside = count - below;
            let share = if inside > 0.0 { (rank - below) / inside } else { 1.0 };
            return Some(lower + (bound - lower) * share);
        }
        (lower, below) = (*bound, *count);
    }
    Some(lower)
}

/// By how much a counter rose in a window, resets taken into account. A series that appears inside the window, while
/// others of its source were there before, began at zero.
fn increase(series: &Series, window: (i64, i64), begin: i64) -> f64 {
    let (from, to) = window;
    let first = series.points.first().map_or(i64::MAX, |p| p.0);
    let mut before: Option<f64> = (first > begin && first > from).then_some(0.0);
    let mut sum = 0.0;
    for (at, value) in &series.points {
        if *at > to {
            break;
        }
        if *at >= from
            && let Some(b) = before
        {
            sum += if *value >= b { value - b } else { *value };
        }
        before = Some(*value);
    }
    sum
}

/// All indicators of a set of series.
pub(crate) struct Indicators<'a> {
    by_service: BTreeMap<String, BTreeMap<Sort, Vec<&'a Series>>>,
    /// First point of anything, by source.
    begin: BTreeMap<&'a str, i64>,
    /// Last point of any indicator.
    pub(crate) last: Option<i64>,
}

impl<'a> Indicators<'a> {
    pub(crate) fn of(series: &[&'a Series], policy: &Policy) -> Self {
        let mut by_service: BTreeMap<String, BTreeMap<Sort, Vec<&Series>>> = BTreeMap::new();
        let mut begin: BTreeMap<&str, i64> = BTreeMap::new();
        let mut last = None;
        for s in series {
            let Some(sort) = sort(&s.name) else { continue };
            let (Some(first), Some(end)) = (s.points.first(), s.points.last()) else { continue };
            let Some(service) = service_of(s, policy) else { continue };
            let slot = begin.entry(s.source.as_str()).or_insert(first.0);
            *slot = (*slot).min(first.0);
            last = last.max(Some(end.0));
            by_service.entry(service).or_default().entry(sort).or_default().push(s);
        }
        for sorts in by_service.values_mut() {
            if let Some(all) = sorts.get_mut(&Sort::Requests) {
                one_counter(all);
            }
            if let Some(all) = sorts.get_mut(&Sort::Latency) {
                one_name(all);
            }
        }
        Self { by_service, begin, last }
    }

    /// Services that answer requests.
    pub(crate) fn services(&self) -> impl Iterator<Item = &String> {
        self.by_service
            .iter()
            .filter(|(_, s)| s.contains_key(&Sort::Requests) || s.contains_key(&Sort::Latency))
            .map(|(name, _)| name)
    }

    fn begin(&self, s: &Series) -> i64 {
        self.begin.get(s.source.as_str()).copied().unwrap_or(i64::MAX)
    }

    /// How a service did in a window.
    pub(crate) fn level(&self, service: &str, window: (i64, i64)) -> Level {
        self.level_of(service, window, |_| true)
    }

    /// How each route of a service did in a window, where the metrics tell them apart.
    pub(crate) fn routes(&self, service: &str, window: (i64, i64)) -> BTreeMap<String, Level> {
        let series = self.by_service.get(service).into_iter().flat_map(|sorts| sorts.get(&Sort::Latency));
        let names: std::collections::BTreeSet<String> =
            series.flatten().filter_map(|s| route(&s.labels)).take(MAX_ROUTE_SERIES).collect();
        let one = |name: &String| {
            (name.clone(), self.level_of(service, window, |s| route(&s.labels).as_ref() == Some(name)))
        };
        names.iter().take(MAX_ROUTES).map(one).collect()
    }

    fn level_of(&self, service: &str, window: (i64, i64), pick: impl Fn(&Series) -> bool) -> Level {
        let mut out = Level::default();
        let Some(sorts) = self.by_service.get(service) else { return out };
        for s in sorts.get(&Sort::Requests).into_iter().flatten().filter(|s| pick(s)) {
            let rise = increase(s, window, self.begin(s));
            out.requests += rise;
            let code = status(&s.labels).unwrap_or("");
            if is_failure(code) {
                out.errors += rise;
            }
            if code == "504" {
                out.timeouts += rise;
            }
        }
        let mut buckets: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
        for s in sorts.get(&Sort::Latency).into_iter().flatten().filter(|s| pick(s)) {
            let Some(bound) = s.labels.get("le").and_then(|le| bound(le)) else { continue };
            // Bounds are not negative, so their bits order as they do.
            let slot = buckets.entry(bound.to_bits()).or_insert((bound, 0.0));
            slot.1 += increase(s, window, self.begin(s));
        }
        out.buckets = buckets.into_values().collect();
        // Scrapes may tear: a cumulative count never falls.
        let mut most: f64 = 0.0;
        for b in &mut out.buckets {
            most = most.max(b.1);
            b.1 = most;
        }
        if out.requests == 0.0
            && let Some(last) = out.buckets.last()
        {
            out.requests = last.1;
        }
        out
    }

    /// Sign-ins turned down, over all services.
    pub(crate) fn refused_sign_ins(&self, window: (i64, i64)) -> Option<Rate> {
        self.rate(Sort::SignIns, window, |s| is_refused(&s.labels))
    }

    /// Orders completed, over all services.
    pub(crate) fn orders(&self, window: (i64, i64)) -> Option<Rate> {
        self.rate(Sort::Orders, window, |_| true)
    }

    fn rate(&self, sort: Sort, window: (i64, i64), pick: impl Fn(&Series) -> bool) -> Option<Rate> {
        let seconds = ((window.1 - window.0) as f64 / 1000.0).max(1.0);
        let mut any = false;
        let mut count = 0.0;
        for s in self.by_service.values().filter_map(|s| s.get(&sort)).flatten() {
            any = true;
            if pick(s) {
                count += increase(s, window, self.begin(s));
            }
        }
        any.then(|| Rate { count, per_s: count / seconds })
    }
}

fn bound(le: &str) -> Option<f64> {
    let value = if le.eq_ignore_ascii_case("+inf") { f64::INFINITY } else { le.parse::<f64>().ok()? };
    (value >= 0.0).then_some(value)
}

/// Two counters of the same requests would count them twice: one with a status wins, then a plain counter.
fn one_counter(all: &mut Vec<&Series>) {
    let best = all
        .iter()
        .map(|s| {
            (status(&s.labels).is_none(), !s.name.ends_with("_total"), s.name.as_str(), s.source.as_str())
        })
        .min()
        .map(|b| (b.2.to_owned(), b.3.to_owned()));
    if let Some((name, source)) = best {
        all.retain(|s| s.name == name && s.source == source);
    }
}

fn one_name(all: &mut Vec<&Series>) {
    let best = all.iter().map(|s| (s.name.as_str(), s.source.as_str())).min();
    if let Some((name, source)) = best.map(|(n, s)| (n.to_owned(), s.to_owned())) {
        all.retain(|s| s.name == name && s.source == source);
    }
}

#[cfg(test)]
mod tests {
    use firebell_core::telemetry::{Labels, MetricKind};

    use super::*;

    fn counter(points: &[(i64, f64)]) -> Series {
        Series {
            source: "p".to_owned(),
            name: "http_requests_total".to_owned(),
            labels: Labels::new(),
            component: None,
            kind: MetricKind::Counter,
            points: points.to_vec(),
        }
    }

    #[test]
    fn increases_survive_resets_and_late_births() {
        let s = counter(&[(0, 10.0), (1000, 15.0), (2000, 3.0), (3000, 4.0)]);
        assert_eq!(increase(&s, (500, 3000), 0), 5.0 + 3.0 + 1.0);
        assert_eq!(increase(&s, (0, 1000), 0), 5.0);
        let late = counter(&[(2000, 7.0), (3000, 9.0)]);
        assert_eq!(increase(&late, (1000, 3000), 0), 9.0);
        // Where everything begins there, nothing is known of before.
        assert_eq!(increase(&late, (1000, 3000), 2000), 2.0);
    }

    #[test]
    fn quantiles_and_slow_shares_follow_the_buckets() {
        let level = Level {
            requests: 100.0,
            errors: 0.0,
            timeouts: 0.0,
            buckets: vec![(0.1, 50.0), (1.0, 100.0), (f64::INFINITY, 100.0)],
        };
        assert!((level.p95().unwrap_or(0.0) - 0.91).abs() < 1e-9);
        assert_eq!(level.slower_than(0.1), Some(0.5));
        assert_eq!(level.slower_than(0.5), Some(0.0));
        assert_eq!(Level::default().p95(), None);
    }
}
