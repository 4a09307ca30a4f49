//! Features: comparable series made of raw ones. Counters become rates, buckets quantiles, pairs ratios.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::{MetricKind, Series, Telemetry};

use crate::names::Names;
use crate::series::axis::Axis;
use crate::series::kinds::{self, Kind};
use crate::series::{histogram, stats};

/// Windows of short steps are summed over this long before a ratio or quantile is taken, milliseconds.
const SMOOTH_MS: i64 = 5_000;
/// Points of one feature past which it is averaged down.
const MAX_POINTS: usize = 1_500;
/// From as many times that a series is very long.
const VERY_LONG: usize = 4;

/// One comparable series.
#[derive(Debug, Clone)]
pub(crate) struct Feature {
    /// Id; empty where nothing says whose it is.
    pub component: String,
    /// The called side, for what a caller measures about a call.
    pub peer: Option<String>,
    /// Meaning.
    pub kind: Kind,
    /// Metric name for people.
    pub name: String,
    /// A label value that tells it from its sisters: the flag, the route.
    pub detail: Option<String>,
    /// Milliseconds and value, ascending; without what a cycle adds (see [`super::season`]).
    pub points: Vec<(i64, f64)>,
    /// The values as they were, where a cycle was taken off.
    pub raw: Option<Vec<(i64, f64)>>,
    /// Its length, milliseconds.
    pub period: Option<i64>,
    /// Bad events at each sample, where the feature counts some: few of them prove little.
    pub events: Vec<(i64, f64)>,
    /// Index of the raw series that shows it best; none for what is made of logs.
    pub series: Option<usize>,
    /// Indexes of all raw series that it is made of: the one that moved most is shown.
    pub members: Vec<usize>,
}

type Points = Vec<(i64, f64)>;

impl Feature {
    /// The values as they were.
    pub(crate) fn level(&self) -> &[(i64, f64)] {
        self.raw.as_deref().unwrap_or(&self.points)
    }
}

struct Raw<'a> {
    s: &'a Series,
    index: usize,
    component: String,
    peer: Option<String>,
    kind: Kind,
    /// Counters as increments per second, the rest as is.
    points: Points,
    counter: bool,
}

/// All features of the metrics.
pub(crate) fn build(t: &Telemetry, names: &Names) -> Vec<Feature> {
    let raws = raw(t, names);
    let mut out = Vec::new();
    let mut groups: BTreeMap<(String, Option<String>, String), Vec<&Raw<'_>>> = BTreeMap::new();
    for r in &raws {
        groups.entry((r.component.clone(), r.peer.clone(), r.s.name.clone())).or_default().push(r);
    }
    for ((component, peer, name), members) in &groups {
        group(component, peer.as_deref(), name, members, &groups, &mut out);
    }
    derived(&mut out);
    let recent = recent(t);
    for f in &mut out {
        thin(&mut f.points, recent);
    }
    out.retain(|f| f.points.len() >= 2);
    out
}

fn raw<'a>(t: &'a Telemetry, names: &Names) -> Vec<Raw<'a>> {
    // The same series from a normal recording and from the incident is one series.
    let mut merged: BTreeMap<String, (usize, Vec<usize>)> = BTreeMap::new();
    for (i, s) in t.series.iter().enumerate() {
        let entry = merged.entry(s.selector()).or_insert((i, Vec::new()));
        // The incident's own file is cited, not the included one.
        if t.series[entry.0].source.starts_with("../") && !s.source.starts_with("../") {
            entry.0 = i;
        }
        entry.1.push(i);
    }
    let counts = behave_like_counters(t);
    let mut out = Vec::new();
    for (index, members) in merged.into_values() {
        let s = &t.series[index];
        let mut counter = matches!(s.kind, MetricKind::Counter | MetricKind::HistogramBucket)
            || kinds_counter(&s.name)
            || counts.contains(s.name.as_str());
        let mut points = Vec::new();
        for m in &members {
            let p = &t.series[*m].points;
            counter = counter && mostly_rising(p);
        }
        for m in members {
            let p = &t.series[m].points;
            if counter { points.extend(rate(p)) } else { points.extend_from_slice(p) }
        }
        points.sort_by_key(|p| p.0);
        points.dedup_by_key(|p| p.0);
        let component = names.of_series(s).unwrap_or_default();
        let peer = ["peer", "peer_service", "upstream", "target", "destination"]
            .iter()
            .find_map(|l| s.labels.get(*l))
            .map(|p| names.resolve(p))
            .filter(|p| *p != component);
        out.push(Raw { s, index, component, peer, kind: kinds::kind(&s.name, &s.labels), points, counter });
    }
    out
}

fn kinds_counter(name: &str) -> bool {
    ["_total", "_count", "_sum", "_bucket"].iter().any(|s| name.ends_with(s))
}

/// Samples from which the course of a series tells that it counts.
const COURSE: usize = 12;

/// Names of metrics of no known kind that count without saying so (`nginx_ingress_controller_requests`): whole numbers, none
/// of their series ever falls but to begin again, and the busiest rises at nearly each sample. Only of what is counted:
/// memory and disks fill up steadily too.
fn behave_like_counters(t: &Telemetry) -> BTreeSet<&str> {
    let mut busiest: BTreeMap<&str, f64> = BTreeMap::new();
    let mut never: BTreeSet<&str> = BTreeSet::new();
    for s in t.series.iter().filter(|s| s.kind == MetricKind::Unknown && counted(s)) {
        let steps = s.points.windows(2);
        let fits = mostly_rising(&s.points) && s.points.iter().all(|p| p.1 >= 0.0 && p.1.fract() == 0.0);
        if !fits {
            never.insert(&s.name);
        } else if s.points.len() >= COURSE {
            let rises = steps.filter(|w| w[1].1 > w[0].1).count() as f64 / (s.points.len() - 1) as f64;
            let most = busiest.entry(&s.name).or_default();
            *most = most.max(rises);
        }
    }
    busiest
        .into_iter()
        .filter(|(name, rises)| *rises >= 0.8 && !never.contains(name))
        .map(|(n, _)| n)
        .collect()
}

fn counted(s: &Series) -> bool {
    matches!(
        kinds::kind(&s.name, &s.labels),
        Kind::Workload
            | Kind::Errors
            | Kind::Retries
            | Kind::Queries
            | Kind::Network
            | Kind::DiskIo
            | Kind::Throttled
            | Kind::PoolTimeouts
            | Kind::SignIns
            | Kind::Cache
    )
}

fn mostly_rising(points: &[(i64, f64)]) -> bool {
    let falls = points.windows(2).filter(|w| w[1].1 < w[0].1).count();
    falls * 50 <= points.len()
}

fn rate(points: &[(i64, f64)]) -> Points {
    points
        .windows(2)
        .filter(|w| w[1].0 > w[0].0)
        .map(|w| {
            let grown = if w[1].1 >= w[0].1 { w[1].1 - w[0].1 } else { w[1].1 };
            (w[1].0, grown / ((w[1].0 - w[0].0) as f64 / 1000.0))
        })
        .collect()
}

fn group(
    component: &str,
    peer: Option<&str>,
    name: &str,
    members: &[&Raw<'_>],
    all: &BTreeMap<(String, Option<String>, String), Vec<&Raw<'_>>>,
    out: &mut Vec<Feature>,
) {
    let Some(first) = members.first() else { return };
    let make = |kind: Kind, detail: Option<String>, points: Points, series: usize| Feature {
        component: component.to_owned(),
        peer: peer.map(str::to_owned),
        kind,
        name: name.to_owned(),
        detail,
        points,
        raw: None,
        period: None,
        events: Vec::new(),
        series: Some(series),
        members: members.iter().map(|m| m.index).collect(),
    };
    if first.counter && name.ends_with("_bucket") && members.iter().any(|m| m.s.labels.contains_key("le")) {
        let base = name.trim_end_matches("_bucket");
        let kind = match kinds::kind(base, &first.s.labels) {
            Kind::QueryTime => Kind::QueryTime,
            _ => Kind::Latency,
        };
        out.push(make(kind, Some("p95".into()), bucket_quantile(members, 0.95), first.index));
        return;
    }
    if first.counter && name.ends_with("_sum") {
        let counts = (
            component.to_owned(),
            peer.map(str::to_owned),
            format!("{}_count", name.trim_end_matches("_sum")),
        );
        if let Some(counts) = all.get(&counts) {
            let kind = match first.kind {
                k @ (Kind::Latency | Kind::QueryTime) => k,
                _ => Kind::Other,
            };
            out.push(make(
                kind,
                Some("mean".into()),
                ratio(&smooth(&sum(members)), &smooth(&sum(counts)), 0.0),
                first.index,
            ));
        }
        return;
    }
    if first.counter
        && name.ends_with("_count")
        && all.contains_key(&(
            component.to_owned(),
            peer.map(str::to_owned),
            format!("{}_sum", name.trim_end_matches("_count")),
        ))
    {
        return;
    }
    let outcome =
        ["code", "status", "status_code", "http_status", "http_response_status_code", "result", "outcome"]
            .into_iter()
            .find(|l| members.iter().any(|m| m.s.labels.contains_key(*l)));
    match (first.kind, outcome) {
        (Kind::Flag, _) => flags(members, &make, out),
        (_, Some(label)) if first.counter => {
            let bad: Vec<&Raw<'_>> = members
                .iter()
                .copied()
                .filter(|m| m.s.labels.get(label).is_some_and(|v| failed(v)))
                .collect();
            let total = sum(members);
            let sign_in = first.kind == Kind::SignIns;
            let worst = bad
                .iter()
                .max_by(|a, b| total_of(&a.points).total_cmp(&total_of(&b.points)))
                .map_or(first.index, |m| m.index);
            let limited: Vec<&Raw<'_>> = members
                .iter()
                .copied()
                .filter(|m| !sign_in && m.s.labels.get(label).is_some_and(|v| v == "429"))
                .collect();
            if let Some(one) = limited.first() {
                let held = on(&axis(members), &limited);
                let points = ratio(&smooth(&held), &smooth(&total), 0.0);
                let mut feature = make(Kind::Throttled, Some("429".into()), points, one.index);
                feature.events = increments(&held);
                feature.members = limited.iter().map(|m| m.index).collect();
                out.push(feature);
            }
            if sign_in {
                let fails: Vec<&Raw<'_>> = members
                    .iter()
                    .copied()
                    .filter(|m| m.s.labels.get(label).is_some_and(|v| rejected(v)))
                    .collect();
                if !fails.is_empty() {
                    let place = fails
                        .iter()
                        .max_by(|a, b| total_of(&a.points).total_cmp(&total_of(&b.points)))
                        .map_or(worst, |m| m.index);
                    let mut feature = make(Kind::SignInFailures, None, smooth_rate(&sum(&fails)), place);
                    feature.members = fails.iter().map(|m| m.index).collect();
                    out.push(feature);
                }
                out.push(make(Kind::SignIns, None, smooth_rate(&total), first.index));
            } else {
                // A code that was never answered before has no samples: that is none, not unknown.
                let errors = on(&axis(members), &bad);
                let mut feature =
                    make(Kind::Errors, None, ratio(&smooth(&errors), &smooth(&total), 0.0), worst);
                feature.events = increments(&errors);
                feature.members = bad.iter().map(|m| m.index).collect();
                out.push(feature);
                let kind = if first.kind == Kind::Errors { Kind::Other } else { first.kind };
                out.push(make(kind, Some("rate".into()), smooth_rate(&total), first.index));
            }
        }
        (Kind::PoolInUse | Kind::PoolWaiting | Kind::PoolTimeouts | Kind::PoolSize, _) => {
            out.push(make(first.kind, None, sum(members), first.index));
        }
        _ if members.len() == 1 || first.counter => {
            let points = if first.counter { smooth_rate(&sum(members)) } else { first.points.clone() };
            let mut feature = make(first.kind, None, points, first.index);
            if first.counter && first.kind == Kind::Errors {
                feature.events = increments(&sum(members));
            }
            out.push(feature);
        }
        _ => {
            // Gauges that differ by some other label stay apart: a mean of unlike things means nothing.
            for m in members.iter().take(64) {
                out.push(make(m.kind, m.s.labels.values().next_back().cloned(), m.points.clone(), m.index));
            }
        }
    }
}

fn flags(
    members: &[&Raw<'_>],
    make: &dyn Fn(Kind, Option<String>, Points, usize) -> Feature,
    out: &mut Vec<Feature>,
) {
    let mut by_flag: BTreeMap<&str, Vec<&Raw<'_>>> = BTreeMap::new();
    for m in members {
        by_flag.entry(m.s.labels.get("flag").map_or("", String::as_str)).or_default().push(m);
    }
    for (flag, of) in by_flag {
        let total = smooth(&sum(&of));
        for m in &of {
            let variant = m.s.labels.get("variant").map_or("", String::as_str);
            if of.len() > 1 && matches!(variant, "off" | "false" | "control" | "default" | "disabled") {
                continue;
            }
            // The share of a variant; a variant that was never served before has no samples and counts as none.
            let share = if m.counter { ratio(&smooth(&m.points), &total, 0.0) } else { m.points.clone() };
            let mut filled: BTreeMap<i64, f64> = total.iter().map(|p| (p.0, 0.0)).collect();
            filled.extend(share.into_iter().map(|p| (p.0, if m.counter { p.1.min(1.0) } else { p.1 })));
            let points = filled.into_iter().collect();
            let mut feature = make(Kind::Flag, Some(format!("{flag}={variant}")), points, m.index);
            feature.members = vec![m.index];
            out.push(feature);
        }
    }
}

fn failed(value: &str) -> bool {
    let v = value.to_ascii_lowercase();
    match v.parse::<u32>() {
        Ok(code) => code >= 500 || code == 0,
        Err(_) => {
            v.starts_with("5xx")
                || [
                    "error",
                    "fail",
                    "timeout",
                    "unavailable",
                    "refused",
                    "reset",
                    "denied",
                    "exception",
                    "invalid",
                    "reject",
                ]
                .iter()
                .any(|w| v.contains(w))
        }
    }
}

/// Turned away for what was sent, rather than for a fault of the service.
fn rejected(value: &str) -> bool {
    let v = value.to_ascii_lowercase();
    v.starts_with('4')
        || ["fail", "invalid", "denied", "reject", "bad", "wrong", "unauth"].iter().any(|w| v.contains(w))
}

fn total_of(points: &[(i64, f64)]) -> f64 {
    points.iter().map(|p| p.1).sum()
}

/// Sum over members; times are first rounded to the members' common step. What one of them misses is no zero.
fn sum(members: &[&Raw<'_>]) -> Points {
    on(&axis(members), members)
}

fn axis(members: &[&Raw<'_>]) -> Axis {
    let step = members.iter().map(|m| step(&m.points)).filter(|s| *s > 0).min().unwrap_or(1000);
    Axis::of(step, members.iter().map(|m| &m.points[..]))
}

fn on(axis: &Axis, members: &[&Raw<'_>]) -> Points {
    axis.sum(members.iter().map(|m| (&m.points[..], m.counter)))
}

/// The usual distance of two samples, milliseconds.
pub(crate) fn step(points: &[(i64, f64)]) -> i64 {
    let mut gaps: Vec<i64> =
        points.windows(2).take(400).map(|w| w[1].0 - w[0].0).filter(|g| *g > 0).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or(0)
}

/// Sums over the last [`SMOOTH_MS`]; series with longer steps stay as they are.
fn smooth(points: &[(i64, f64)]) -> Points {
    let mut out = Vec::with_capacity(points.len());
    let mut from = 0;
    let mut held = 0.0;
    for (i, (at, v)) in points.iter().enumerate() {
        held += v;
        while points[from].0 <= at - SMOOTH_MS && from < i {
            held -= points[from].1;
            from += 1;
        }
        out.push((*at, held.max(0.0)));
    }
    out
}

/// Means over the last [`SMOOTH_MS`].
fn smooth_rate(points: &[(i64, f64)]) -> Points {
    let mut out = Vec::with_capacity(points.len());
    let mut from = 0;
    let mut held = 0.0;
    for (i, (at, v)) in points.iter().enumerate() {
        held += v;
        while points[from].0 <= at - SMOOTH_MS && from < i {
            held -= points[from].1;
            from += 1;
        }
        out.push((*at, (held / (i - from + 1) as f64).max(0.0)));
    }
    out
}

/// Rates back to counts.
fn increments(points: &[(i64, f64)]) -> Points {
    let seconds = step(points) as f64 / 1000.0;
    points.iter().map(|p| (p.0, p.1 * seconds)).collect()
}

fn ratio(above: &[(i64, f64)], below: &[(i64, f64)], least: f64) -> Points {
    let tops: BTreeMap<i64, f64> = above.iter().copied().collect();
    below
        .iter()
        .filter(|p| p.1 > least.max(1e-9))
        .filter_map(|p| Some((p.0, tops.get(&p.0)? / p.1)))
        .collect()
}

fn bucket_quantile(members: &[&Raw<'_>], q: f64) -> Points {
    let mut bounds: BTreeMap<u64, Vec<&Raw<'_>>> = BTreeMap::new();
    for m in members {
        let Some(le) = m.s.labels.get("le") else { continue };
        let le = if le.contains("Inf") { f64::INFINITY } else { le.parse().unwrap_or(f64::INFINITY) };
        // Non-negative floats keep their order as bits.
        bounds.entry(le.max(0.0).to_bits()).or_default().push(m);
    }
    let axis = axis(members);
    let columns: Vec<(f64, Points)> =
        bounds.into_iter().map(|(bits, of)| (f64::from_bits(bits), smooth(&on(&axis, &of)))).collect();
    axis.times
        .iter()
        .enumerate()
        .filter_map(|(i, at)| {
            let mut row: Vec<(f64, f64)> =
                columns.iter().map(|(le, c)| (*le, c.get(i).map_or(0.0, |p| p.1))).collect();
            for i in 1..row.len() {
                row[i].1 = row[i].1.max(row[i - 1].1);
            }
            Some((*at, histogram::quantile(&row, q)?))
        })
        .collect()
}

/// Ratios between features of one component.
fn derived(features: &mut Vec<Feature>) {
    let mut new = Vec::new();
    let mut divisors: BTreeMap<(&str, Kind), Vec<&Feature>> = BTreeMap::new();
    for f in features.iter().filter(|f| f.peer.is_none()) {
        let divides = matches!(f.kind, Kind::PoolSize | Kind::MemoryLimit | Kind::DiskSize | Kind::Workload)
            || matches!(
                f.kind,
                Kind::CpuLimit | Kind::ThreadLimit | Kind::FileDescriptorLimit | Kind::QueueSize
            );
        if divides {
            divisors.entry((&f.component, f.kind)).or_default().push(f);
        }
    }
    let find = |component: &str, kind: Kind, detail: Option<&str>| {
        let of = divisors.get(&(component, kind)).into_iter().flatten().copied();
        of.filter(|f| detail.is_none_or(|d| f.detail.as_deref() == Some(d))).max_by_key(|f| f.points.len())
    };
    for f in features.iter() {
        let other = match f.kind {
            Kind::PoolInUse => find(&f.component, Kind::PoolSize, None),
            Kind::Memory => find(&f.component, Kind::MemoryLimit, None),
            Kind::DiskUsed => find(&f.component, Kind::DiskSize, None),
            // Cores and seconds of processor time in a second are the same; a share of it is not.
            Kind::Cpu if !f.name.contains("percent") => find(&f.component, Kind::CpuLimit, None),
            Kind::Threads => find(&f.component, Kind::ThreadLimit, None),
            Kind::FileDescriptors => find(&f.component, Kind::FileDescriptorLimit, None),
            Kind::Queue => find(&f.component, Kind::QueueSize, None),
            Kind::Queries => find(&f.component, Kind::Workload, Some("rate")),
            _ => None,
        };
        let Some(other) = other else { continue };
        let kind = if f.kind == Kind::Queries { Kind::QueriesPerRequest } else { f.kind };
        let detail = if kind == Kind::QueriesPerRequest { "per request" } else { "share" };
        let least = if kind == Kind::QueriesPerRequest { 0.2 } else { 0.0 };
        new.push(Feature {
            kind,
            detail: Some(detail.into()),
            points: nearest_ratio(&f.points, &other.points, least),
            ..f.clone()
        });
    }
    features.extend(new);
}

/// Divides each value by the divisor's latest value at or before its time.
fn nearest_ratio(above: &[(i64, f64)], below: &[(i64, f64)], least: f64) -> Points {
    let mut out = Vec::with_capacity(above.len());
    let mut k = 0;
    for (at, v) in above {
        while k + 1 < below.len() && below[k + 1].0 <= *at {
            k += 1;
        }
        if let Some(b) = below.get(k).filter(|b| b.1 > least.max(1e-9)) {
            out.push((*at, v / b.1));
        }
    }
    out
}

/// From when on samples matter most: a little before the earliest instant at which somebody says that something was wrong.
fn recent(t: &Telemetry) -> i64 {
    let said = t.window.map(|w| w.start).into_iter().chain(t.impact_started_at).min();
    said.map_or(i64::MAX, |s| s.as_millisecond() - 300_000)
}

/// Makes long series short. Very long ones keep what may be the incident as it was recorded, and of what came before every
/// so-many-th sample: a mean over minutes would hide a fault that lasts minutes, and would be calmer than the samples that
/// it is compared with.
fn thin(points: &mut Points, recent: i64) {
    let n = points.len();
    if n <= MAX_POINTS {
        return;
    }
    if n <= VERY_LONG * MAX_POINTS {
        let size = n.div_ceil(MAX_POINTS);
        *points = points
            .chunks(size)
            .map(|c| (c[c.len() / 2].0, stats::mean(&c.iter().map(|p| p.1).collect::<Vec<_>>())))
            .collect();
        return;
    }
    let whole = MAX_POINTS / 2;
    let from = points.partition_point(|p| p.0 < recent);
    let first = if n - from <= whole { n - whole } else { from };
    let pick = |part: &[(i64, f64)]| -> Points {
        part.iter().copied().step_by(part.len().div_ceil(whole).max(1)).collect()
    };
    let mut out = pick(&points[..first]);
    out.extend(pick(&points[first..]));
    *points = out;
}
