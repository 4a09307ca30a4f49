//! Requests and users at one component, in normal times and since the impact: from request counters and buckets, else
//! from spans. The share is (failed + slow beyond the usual) / all.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::{Series, Span, SpanKind};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::evidence::Cite;
use crate::series::kinds::{self, Kind};

/// Fewer requests say nothing.
pub(super) const ENOUGH: f64 = 10.0;
/// Answers below this are fast, seconds.
const FAST_S: f64 = 0.05;
/// What is this many times the usual p95 is slow.
const SLOW: f64 = 2.0;
/// Labels and fields that name a user.
const USER: [&str; 7] = ["enduser.id", "user.id", "user_id", "userid", "user", "account_id", "session.id"];

/// What one component's callers felt since the start of the impact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Harm {
    /// Component id.
    pub component: String,
    /// Requests since the start.
    pub requests: f64,
    /// Of these, failed.
    pub failed: f64,
    /// Of these, answered later than twice the usual p95, and not failed.
    pub slow: f64,
    /// Share of failed ones.
    pub error_ratio: f64,
    /// The same in normal times, where enough was seen.
    pub baseline_error_ratio: Option<f64>,
    /// p95 since the start, milliseconds.
    pub p95_ms: Option<f64>,
    /// p95 in normal times, milliseconds.
    pub baseline_p95_ms: Option<f64>,
    /// Share of requests hit, beyond what is usual.
    pub share: f64,
    /// The arithmetic in words.
    pub reading: String,
    /// Ids of the evidence.
    pub evidence: Vec<String>,
}

/// Users that could be counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Users {
    /// Seen since the start of the impact.
    pub seen: usize,
    /// With at least one failed or slow request.
    pub hit: usize,
    /// Where they were counted.
    pub component: String,
    /// Ids of the evidence.
    pub evidence: Vec<String>,
}

/// Counts of one part of time.
#[derive(Debug, Clone, Default)]
struct Level {
    requests: f64,
    failed: f64,
    /// Cumulative, by bound in seconds.
    buckets: Vec<(f64, f64)>,
    /// Of spans, seconds.
    durations: Vec<f64>,
}

impl Level {
    fn error_ratio(&self) -> f64 {
        if self.requests > 0.0 { (self.failed / self.requests).clamp(0.0, 1.0) } else { 0.0 }
    }

    fn p95(&self) -> Option<f64> {
        if !self.durations.is_empty() {
            let sorted = crate::series::stats::sorted(&self.durations);
            return Some(crate::series::stats::quantile(&sorted, 0.95));
        }
        crate::series::histogram::quantile(&self.buckets, 0.95)
    }

    /// Share of answers that took longer than `bound` seconds.
    fn slower_than(&self, bound: f64) -> f64 {
        if !self.durations.is_empty() {
            return self.durations.iter().filter(|d| **d > bound).count() as f64
                / self.durations.len() as f64;
        }
        let Some(total) = self.buckets.last().map(|b| b.1).filter(|n| *n > 0.0) else { return 0.0 };
        // The first bucket that surely holds all up to the bound: rounds in favour of fast enough.
        let within = self.buckets.iter().find(|b| b.0 >= bound).map_or(total, |b| b.1);
        (1.0 - within / total).clamp(0.0, 1.0)
    }
}

/// What was counted at a component, with what it was counted from.
pub(super) struct Counted {
    pub(super) harm: Harm,
    pub(super) cites: Vec<(Cite, String)>,
    /// Answers beyond this many seconds are slow.
    pub(super) slow_from: Option<f64>,
}

/// All components that can be counted.
pub(super) fn count(case: &Case<'_>) -> BTreeMap<String, Counted> {
    let mut out = BTreeMap::new();
    for (component, series) in counters(case) {
        if let Some(found) = of_series(case, &component, &series) {
            out.insert(component, found);
        }
    }
    let mut spans: BTreeMap<String, Vec<&Span>> = BTreeMap::new();
    for span in served(case) {
        spans.entry(case.names.resolve(&span.component)).or_default().push(span);
    }
    for (component, spans) in spans {
        if !out.contains_key(&component)
            && let Some(found) = of_spans(case, &component, &spans)
        {
            out.insert(component, found);
        }
    }
    out
}

/// Spans that answer somebody: servers' and consumers', and roots.
fn served<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Span> {
    case.t.spans.iter().filter(|s| {
        matches!(s.kind, SpanKind::Server | SpanKind::Consumer)
            || (s.parent_id.is_none() && s.kind == SpanKind::Internal)
    })
}

/// Counters of answered requests and their buckets, by component.
fn counters<'a>(case: &Case<'a>) -> BTreeMap<String, Vec<&'a Series>> {
    let mut out: BTreeMap<String, Vec<&Series>> = BTreeMap::new();
    for s in &case.t.series {
        let name = s.name.to_ascii_lowercase().replace('.', "_");
        let called = ["client", "upstream", "quer", "in_flight", "size", "retr", "probe", "limited"];
        let peer = ["peer", "peer_service", "upstream", "target", "destination"];
        let counted = ["_total", "_count", "_bucket"].iter().any(|end| name.ends_with(end));
        let served = name.contains("request") || name.contains("http_server") || name.contains("rpc_server");
        if counted
            && served
            && !called.iter().any(|w| name.contains(w))
            && !peer.iter().any(|l| s.labels.contains_key(*l))
            && let Some(component) = case.names.of_series(s)
        {
            out.entry(component).or_default().push(s);
        }
    }
    out
}

fn outcome(s: &Series) -> Option<&str> {
    ["code", "status", "status_code", "http_status_code", "http_response_status_code", "result", "outcome"]
        .iter()
        .find_map(|l| s.labels.get(*l))
        .map(String::as_str)
}

fn failed(outcome: &str) -> bool {
    let o = outcome.to_ascii_lowercase();
    (o.len() == 3 && o.starts_with('5')) || o == "5xx" || o.contains("error") || o.contains("unavailable")
}

fn of_series(case: &Case<'_>, component: &str, series: &[&Series]) -> Option<Counted> {
    // Two counters of the same requests would count them twice: one with an outcome wins, then the first by name.
    let plain = series.iter().filter(|s| !s.name.ends_with("_bucket"));
    let name = plain.map(|s| (outcome(s).is_none(), &s.name)).min().map(|best| best.1);
    let buckets = series.iter().filter(|s| s.name.ends_with("_bucket")).map(|s| &s.name).min();
    let (mut base, mut fault) = (Level::default(), Level::default());
    let mut slots: BTreeMap<u64, (f64, f64, f64)> = BTreeMap::new();
    let mut cites = Vec::new();
    let (from, to) = case.frame.shown();
    for s in series {
        let (before, since) = increase(case, s);
        if Some(&s.name) == name {
            base.requests += before;
            fault.requests += since;
            let bad = outcome(s).is_some_and(failed);
            if bad {
                base.failed += before;
                fault.failed += since;
            }
            if since > 0.0 {
                let what = if bad { "failed" } else { "requests" };
                let cite = Cite::new(&s.source, format!("metric {}", s.selector())).within(from, to);
                cites.push((since, cite, format!("{component}: {since:.0} {what} since the start")));
            }
        } else if Some(&s.name) == buckets
            && let Some(le) = s.labels.get("le")
        {
            let bound = if le.contains("Inf") { f64::INFINITY } else { le.parse().ok()? };
            let slot = slots.entry(f64::max(bound, 0.0).to_bits()).or_insert((bound, 0.0, 0.0));
            slot.1 += before;
            slot.2 += since;
        }
    }
    base.buckets = slots.values().map(|s| (s.0, s.1)).collect();
    fault.buckets = slots.values().map(|s| (s.0, s.2)).collect();
    for level in [&mut base, &mut fault] {
        if level.requests == 0.0 {
            level.requests = level.buckets.last().map_or(0.0, |b| b.1);
        }
    }
    // Failures first, then what carries most.
    cites.sort_by(|a, b| b.2.contains("failed").cmp(&a.2.contains("failed")).then(b.0.total_cmp(&a.0)));
    if cites.is_empty()
        && let Some(s) = series.iter().find(|s| Some(&s.name) == buckets)
    {
        let cite = Cite::new(&s.source, format!("metric {}", s.selector())).within(from, to);
        cites.push((0.0, cite, format!("{component}: response times")));
    }
    let cites = cites.into_iter().take(4).map(|c| (c.1, c.2)).collect();
    judge(component, &base, &fault, cites)
}

/// By how much a counter rose in normal times and since the onset, resets taken into account.
fn increase(case: &Case<'_>, s: &Series) -> (f64, f64) {
    let mut out = (0.0, 0.0);
    for w in s.points.windows(2) {
        let grown = if w[1].1 >= w[0].1 { w[1].1 - w[0].1 } else { w[1].1 };
        if case.frame.is_fault(w[1].0) {
            out.1 += grown;
        } else if case.frame.is_base(w[1].0) {
            out.0 += grown;
        }
    }
    // A code that was first answered inside the fault began at zero.
    if let Some(first) = s.points.first().filter(|p| p.0 > case.frame.begin && case.frame.is_fault(p.0)) {
        out.1 += first.1;
    }
    out
}

fn of_spans(case: &Case<'_>, component: &str, spans: &[&Span]) -> Option<Counted> {
    let (mut base, mut fault) = (Level::default(), Level::default());
    for s in spans {
        let level = match s.start_us / 1000 {
            at if case.frame.is_fault(at) => &mut fault,
            at if case.frame.is_base(at) => &mut base,
            _ => continue,
        };
        level.requests += 1.0;
        level.failed += f64::from(u8::from(s.error));
        level.durations.push(s.duration_us as f64 / 1e6);
    }
    let first = spans.first()?;
    let cite = Cite::new(&first.source, format!("spans {} ~ *", first.component))
        .within(case.frame.onset, case.frame.end);
    let reading =
        format!("{component}: {:.0} spans since the start, {:.0} failed", fault.requests, fault.failed);
    judge(component, &base, &fault, vec![(cite, reading)])
}

fn judge(component: &str, base: &Level, fault: &Level, cites: Vec<(Cite, String)>) -> Option<Counted> {
    if fault.requests < ENOUGH {
        return None;
    }
    let known = base.requests >= ENOUGH;
    let slow_from = base.p95().filter(|_| known).map(|p| (SLOW * p).max(FAST_S));
    let slow = |level: &Level| slow_from.map_or(0.0, |bound| level.slower_than(bound));
    // A request that fails of a time-out is slow too: not counted twice.
    let bad = |level: &Level| level.error_ratio().max(slow(level));
    let usual = if known { bad(base) } else { 0.0 };
    let share = (bad(fault) - usual).max(0.0);
    let slow_requests = ((slow(fault) - fault.error_ratio()).max(0.0) * fault.requests).round();
    let reading = format!(
        "{:.0} failed and {slow_requests:.0} slow of {:.0} requests = {:.1} %, less the usual {:.1} % = {:.1} %",
        fault.failed,
        fault.requests,
        100.0 * bad(fault),
        100.0 * usual,
        100.0 * share
    );
    let ms = |s: f64| (s * 1e6).round() / 1e3;
    let harm = Harm {
        component: component.to_owned(),
        requests: fault.requests.round(),
        failed: fault.failed.round(),
        slow: slow_requests,
        error_ratio: fault.error_ratio(),
        baseline_error_ratio: known.then(|| base.error_ratio()),
        p95_ms: fault.p95().map(ms),
        baseline_p95_ms: base.p95().filter(|_| known).map(ms),
        share,
        reading,
        evidence: Vec::new(),
    };
    Some(Counted { harm, cites, slow_from })
}

/// Users at a component, where its spans carry who asked.
pub(super) fn users(
    case: &Case<'_>,
    component: &str,
    slow_from: Option<f64>,
) -> Option<(Users, Cite, String)> {
    let (mut seen, mut hit) = (BTreeSet::new(), BTreeSet::new());
    let mut cited: Option<&Span> = None;
    for s in served(case).filter(|s| case.frame.is_fault(s.start_us / 1000)) {
        if case.names.resolve(&s.component) != component {
            continue;
        }
        let Some(user) = USER.iter().find_map(|l| s.attributes.get(*l)).filter(|u| !u.is_empty()) else {
            continue;
        };
        cited = cited.or(Some(s));
        seen.insert(user.as_str());
        if s.error || slow_from.is_some_and(|bound| s.duration_us as f64 / 1e6 > bound) {
            hit.insert(user.as_str());
        }
    }
    let first = cited.filter(|_| seen.len() as f64 >= ENOUGH)?;
    let reading =
        format!("{} of {} users who came to {component} had a failed or slow request", hit.len(), seen.len());
    let cite = Cite::new(&first.source, format!("spans {} ~ *", first.component))
        .within(case.frame.onset, case.frame.end);
    let users =
        Users { seen: seen.len(), hit: hit.len(), component: component.to_owned(), evidence: Vec::new() };
    Some((users, cite, reading))
}

/// Whether a feature is one that customers or callers feel.
pub(super) fn is_symptom(kind: Kind) -> bool {
    kind.is_symptom() && kind != kinds::Kind::LogErrors
}
