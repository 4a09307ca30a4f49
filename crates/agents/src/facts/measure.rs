//! Facts measured: what customers felt in the last seconds against normal times. What cannot be told stays unknown.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::incident::Incident;
use firebell_core::policy::{Policy, Service};
use firebell_core::severity::{Facts, IncidentKind};
use firebell_core::telemetry::Series;
use jiff::Timestamp;

use super::callers::waiting;
use super::sli::{Indicators, Level, Rate};
use super::windows::{Windows, named};
use crate::run::percent;

/// Requests below which a ratio says nothing.
pub(super) const ENOUGH: f64 = 10.0;
/// Response times below this are fast, whatever the baseline was, seconds.
pub(super) const FAST_S: f64 = 0.05;
/// The error budget is reckoned over 30 days.
const BUDGET_S: f64 = 30.0 * 86_400.0;
/// Samples older than this many steps say nothing about now.
const STALE_STEPS: i64 = 8;

/// One service in normal times and now.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Pair {
    pub(crate) base: Level,
    pub(crate) now: Level,
}

/// What was measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    pub(crate) facts: Facts,
    /// By service name.
    pub(crate) services: BTreeMap<String, Pair>,
    /// By service name, its requests and its routes: only of services that count for severity.
    routes: BTreeMap<String, (f64, Vec<(String, Pair)>)>,
    /// Sign-ins turned down: normal, now.
    pub(crate) sign_ins: Option<(Rate, Rate)>,
    /// Orders completed: normal, now.
    pub(crate) orders: Option<(Rate, Rate)>,
    /// One line per service that is worse than before.
    pub(crate) lines: Vec<(String, String)>,
    /// Why nothing can be said, if so.
    pub(crate) blind: Option<String>,
    /// How fast the error budget burns (1: exactly used up in its period), worst service.
    pub(crate) burn_rate: Option<f64>,
}

/// Measures. `now` is when it is asked; samples that are much older are not taken for the present.
pub(crate) fn measure(
    series: &[&Series],
    incident: &Incident,
    policy: &Policy,
    impact_start: Timestamp,
    now: Timestamp,
) -> Measured {
    let indicators = Indicators::of(series, policy);
    let Some(last) = indicators.last else {
        let blind = "no metric of requests was found; export request counters with a status label".to_owned();
        return Measured { blind: Some(blind), ..Measured::default() };
    };
    let stale = now.as_millisecond() - last;
    if stale > 1000 * STALE_STEPS * i64::from(policy.times.step_s.max(1)) + 30_000 {
        let blind =
            format!("the newest sample is {} s old; check that metrics are still collected", stale / 1000);
        return Measured { blind: Some(blind), ..Measured::default() };
    }
    let windows = Windows::of(&policy.times, impact_start, last.min(now.as_millisecond()));
    let mut out = Measured::default();
    for service in indicators.services() {
        let base = indicators.level(service, windows.base);
        let latest = indicators.level(service, windows.latest);
        // What has only just begun shows in the latest part first, where that holds enough.
        let now =
            if latest.requests >= 2.0 * ENOUGH { latest } else { indicators.level(service, windows.now) };
        out.services.insert(service.clone(), Pair { base, now });
    }
    let pair = |f: &dyn Fn((i64, i64)) -> Option<Rate>| Some((f(windows.base)?, f(windows.now)?));
    out.sign_ins = pair(&|w| indicators.refused_sign_ins(w));
    out.orders = pair(&|w| indicators.orders(w));
    let watched = watched(incident, policy, &out.services);
    for service in &watched {
        let base = indicators.routes(service, windows.base);
        let mut now = indicators.routes(service, windows.now);
        let mut pairs = Vec::new();
        for (route, base) in base {
            if let Some(now) = now.remove(&route) {
                pairs.push((route, Pair { base, now }));
            }
        }
        let requests = indicators.level(service, windows.now).requests;
        out.routes.insert(service.clone(), (requests, pairs));
    }
    out.judge(policy, &watched);
    out
}

/// The services whose figures count for severity: those that customers use, and those that the incident names unless
/// they are known to be internal.
fn watched(incident: &Incident, policy: &Policy, services: &BTreeMap<String, Pair>) -> BTreeSet<String> {
    let mut out: BTreeSet<String> =
        policy.services.iter().filter(|s| s.customer_facing).map(|s| s.name.clone()).collect();
    for name in &incident.services {
        let name = named(name, policy);
        if policy.service(&name).is_none_or(|s| s.customer_facing) {
            out.insert(name);
        }
    }
    if out.is_empty() {
        out.extend(services.keys().cloned());
    }
    out.retain(|name| services.contains_key(name));
    out
}

impl Measured {
    fn judge(&mut self, policy: &Policy, watched: &BTreeSet<String>) {
        let mut facts = Facts::default();
        self.errors(watched, &mut facts);
        self.latency(watched, &mut facts);
        self.users(policy, watched, &mut facts);
        self.outage(policy, watched, &mut facts);
        self.budget(policy, watched, &mut facts);
        self.attack(&mut facts);
        kind(&mut facts);
        self.lines(policy, &mut facts);
        self.facts = facts;
    }

    fn each<'a>(&'a self, watched: &'a BTreeSet<String>) -> impl Iterator<Item = (&'a String, &'a Pair)> {
        watched.iter().filter_map(|n| self.services.get(n).map(|p| (n, p)))
    }

    fn errors(&self, watched: &BTreeSet<String>, facts: &mut Facts) {
        let worst = self
            .each(watched)
            .filter(|(_, p)| p.now.requests >= ENOUGH)
            .filter_map(|(n, p)| Some((n, p.now.error_ratio()?, p)))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((name, ratio, pair)) = worst else { return };
        facts.error_ratio = Some(ratio);
        let base = pair.base.error_ratio().filter(|_| pair.base.requests >= ENOUGH);
        facts.baseline_error_ratio = base;
        let before = base.map_or(String::new(), |b| format!(", {} before", percent(b)));
        let text = format!(
            "{} of {:.0} requests to {name} failed in the last seconds{before}",
            percent(ratio),
            pair.now.requests
        );
        facts.provenance.insert("error_ratio".to_owned(), text);
    }

    fn latency(&self, watched: &BTreeSet<String>, facts: &mut Facts) {
        let worst = self
            .each(watched)
            .filter(|(_, p)| p.now.requests >= ENOUGH && p.base.requests >= ENOUGH)
            .filter_map(|(n, p)| Some((n, slower(p)?, p)))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((name, ratio, pair)) = worst else { return };
        facts.p95_ratio = Some(ratio);
        let ms = |l: &Level| l.p95().map_or(0.0, |s| s * 1000.0);
        let text = format!("p95 of {name}: {:.0} ms, {:.0} ms before", ms(&pair.now), ms(&pair.base));
        facts.provenance.insert("p95_ratio".to_owned(), text);
        let timed_out = pair.now.timeouts / pair.now.requests.max(1.0);
        if timed_out > 0.1 {
            facts.fails_of_latency = Some(true);
            let text = format!("{} of the requests to {name} end in a time-out", percent(timed_out));
            facts.provenance.insert("fails_of_latency".to_owned(), text);
        }
    }

    /// Users are estimated by requests: those that fail, or take far longer than they should, beyond what is usual.
    fn users(&self, policy: &Policy, watched: &BTreeSet<String>, facts: &mut Facts) {
        let mut worst: Option<(f64, String)> = None;
        for (name, pair) in self.each(watched) {
            if pair.now.requests < ENOUGH || pair.base.requests < ENOUGH {
                continue;
            }
            let bound = slow_bound(policy.service(name), &pair.base);
            let bad = |l: &Level| {
                let failed = l.error_ratio().unwrap_or(0.0);
                let slow = bound.and_then(|b| l.slower_than(b)).unwrap_or(0.0);
                // A request that fails after a time-out is slow too: not counted twice.
                failed.max(slow)
            };
            let share = (bad(&pair.now) - bad(&pair.base)).max(0.0);
            if worst.as_ref().is_none_or(|w| share > w.0) {
                let text = format!(
                    "{} of the requests to {name} fail or are much slower than usual (estimate by requests)",
                    percent(share)
                );
                worst = Some((share, text));
            }
            if let Some((requests, routes)) = self.routes.get(name)
                && let Some(found) = waiting(name, *requests, routes, policy)
                && worst.as_ref().is_none_or(|w| found.0 > w.0)
            {
                worst = Some(found);
            }
        }
        // Next to nothing is not a measurement of who is affected: wrong answers look right to a counter.
        if let Some((share, text)) = worst.filter(|w| w.0 >= 0.01) {
            facts.users_affected_ratio = Some(share);
            facts.provenance.insert("users_affected_ratio".to_owned(), text);
        }
    }

    fn outage(&self, policy: &Policy, watched: &BTreeSet<String>, facts: &mut Facts) {
        let failing = |p: &Pair, share: f64| {
            p.now.requests >= ENOUGH
                && p.now.error_ratio().is_some_and(|r| r >= share)
                && p.base.error_ratio().is_none_or(|r| r < share / 2.0)
        };
        let facing: Vec<(&String, &Pair)> = self
            .each(watched)
            .filter(|(n, p)| policy.service(n).is_some_and(|s| s.customer_facing) && p.now.requests >= ENOUGH)
            .collect();
        if !facing.is_empty() && facing.iter().all(|(_, p)| failing(p, 0.95)) {
            facts.complete_outage = Some(true);
            facts.provenance.insert(
                "complete_outage".to_owned(),
                "nearly every request to every service that customers use fails".to_owned(),
            );
        } else if let Some((name, _)) = facing.iter().find(|(_, p)| failing(p, 0.9)) {
            facts.feature_down = Some(true);
            facts
                .provenance
                .insert("feature_down".to_owned(), format!("nearly every request to {name} fails"));
        }
        let revenue = policy
            .services
            .iter()
            .filter(|s| s.revenue)
            .find(|s| self.services.get(&s.name).is_some_and(|p| failing(p, 0.95)));
        if let Some(service) = revenue {
            facts.revenue_stopped = Some(true);
            let text =
                format!("nearly every request to {} fails, and customers pay through it", service.name);
            facts.provenance.insert("revenue_stopped".to_owned(), text);
        } else if let Some((base, now)) = self.orders
            && now.count < 0.5
            && base.count >= ENOUGH
        {
            // Nothing came where at least eight were to be expected.
            let seconds = if base.per_s > 0.0 { base.count / base.per_s } else { 0.0 };
            let expected = base.per_s * seconds.min(self.now_seconds(policy));
            if expected >= 8.0 {
                facts.revenue_stopped = Some(true);
                let text = format!("no order was completed where {expected:.0} were to be expected");
                facts.provenance.insert("revenue_stopped".to_owned(), text);
            }
        }
    }

    fn now_seconds(&self, policy: &Policy) -> f64 {
        let windows = Windows::of(&policy.times, Timestamp::UNIX_EPOCH, 0);
        (windows.now.1 - windows.now.0) as f64 / 1000.0
    }

    /// Share of a 30 days' error budget that went since the impact began, and how fast it goes.
    fn budget(&mut self, policy: &Policy, watched: &BTreeSet<String>, facts: &mut Facts) {
        let seconds = self.now_seconds(policy);
        let mut worst: Option<(f64, f64, String)> = None;
        for (name, pair) in self.each(watched) {
            let Some(slo) = policy.service(name).and_then(|s| s.slo_availability) else { continue };
            let (Some(ratio), true) = (pair.now.error_ratio(), pair.now.requests >= ENOUGH) else { continue };
            let allowed = (1.0 - slo).max(1e-6);
            let burn = ratio / allowed;
            let share = burn * seconds / BUDGET_S;
            if worst.as_ref().is_none_or(|w| burn > w.0) {
                let text = format!(
                    "{name}: {} fail where {} are allowed; the 30-day error budget burns {burn:.0} times too fast",
                    percent(ratio),
                    percent(allowed)
                );
                worst = Some((burn, share, text));
            }
        }
        if let Some((burn, share, text)) = worst {
            self.burn_rate = Some(burn);
            facts.slo_burnt_ratio = Some(share.min(1.0));
            facts.provenance.insert("slo_burnt_ratio".to_owned(), text);
        }
    }

    fn attack(&self, facts: &mut Facts) {
        let Some((base, now)) = self.sign_ins else { return };
        if now.count >= 20.0 && now.per_s > 1.0 && now.per_s > 5.0 * base.per_s {
            facts.kind = Some(IncidentKind::Security);
            facts.breach = Some(true);
            let text = format!(
                "{:.1} sign-ins are refused each second, {:.1} before: an attack that may have got in somewhere",
                now.per_s, base.per_s
            );
            facts.provenance.insert("breach".to_owned(), text);
        }
    }

    /// Which services are worse, in words; they are the affected ones.
    fn lines(&mut self, policy: &Policy, facts: &mut Facts) {
        for (name, pair) in &self.services {
            let mut parts = Vec::new();
            if worse_errors(pair) {
                let (now, base) =
                    (pair.now.error_ratio().unwrap_or(0.0), pair.base.error_ratio().unwrap_or(0.0));
                parts.push(format!("{} of requests fail, {} before", percent(now), percent(base)));
            }
            if let Some(ratio) = slower(pair).filter(|r| *r >= 2.0) {
                let ms = |l: &Level| l.p95().map_or(0.0, |s| s * 1000.0);
                let text =
                    format!("p95 {:.0} ms, {:.0} ms before ({ratio:.1}x)", ms(&pair.now), ms(&pair.base));
                parts.push(text);
            }
            if parts.is_empty() {
                continue;
            }
            let id = policy.service(name).map_or_else(|| name.clone(), |s| s.name.clone());
            facts.services.push(id);
            self.lines.push((name.clone(), format!("{name}: {}", parts.join("; "))));
        }
        if self.lines.iter().any(|(n, _)| policy.service(n).is_some_and(|s| s.customer_facing)) {
            facts.customer_facing = Some(true);
        }
    }
}

/// Whether clearly more requests fail than before.
pub(crate) fn worse_errors(pair: &Pair) -> bool {
    let (Some(now), base) = (pair.now.error_ratio(), pair.base.error_ratio().unwrap_or(0.0)) else {
        return false;
    };
    pair.now.requests >= ENOUGH && pair.now.errors >= 3.0 && now > base + 0.01 && now > 2.0 * base
}

/// p95 over its baseline; fast is fast.
pub(crate) fn slower(pair: &Pair) -> Option<f64> {
    let (now, base) = (pair.now.p95()?, pair.base.p95()?);
    if now < FAST_S {
        return Some((now / base.max(FAST_S / 2.0)).min(1.0));
    }
    Some(now / base.max(0.005))
}

/// From when on a response is too slow, seconds: what was promised, and well above what is usual.
fn slow_bound(service: Option<&Service>, base: &Level) -> Option<f64> {
    let usual = base.p95().map(|p| (2.0 * p).max(FAST_S));
    let promised = service.and_then(|s| s.slo_latency_p95_ms).map(|ms| ms / 1000.0);
    match (usual, promised) {
        (Some(u), Some(p)) => Some(u.max(p)),
        (u, p) => u.or(p),
    }
}

fn kind(facts: &mut Facts) {
    if facts.kind.is_some() {
        return;
    }
    let errors = facts.error_ratio.unwrap_or(0.0) - facts.baseline_error_ratio.unwrap_or(0.0);
    facts.kind = if errors >= 0.02 {
        Some(IncidentKind::Availability)
    } else if facts.p95_ratio.is_some_and(|r| r >= 3.0) {
        Some(IncidentKind::Performance)
    } else {
        None
    };
}
