//! The alert rules. `prometheus-rules.yml` beside the crate's manifest says the same in PromQL.

use std::{borrow::Cow, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    sample::{Sample, increase},
    scrape::History,
};
use crate::telemetry::quantile;

/// A rule that holds now for something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Finding {
    pub(super) rule: Cow<'static, str>,
    pub(super) service: String,
    pub(super) severity: Cow<'static, str>,
    /// Further labels.
    pub(super) labels: Vec<(Cow<'static, str>, String)>,
    pub(super) summary: String,
    pub(super) value: f64,
}

/// Latency above which a service's 95th percentile is too slow, in seconds.
fn slow(service: &str) -> f64 {
    match service {
        "gateway" => 0.8,
        "checkout" => 0.9,
        "catalog" => 0.25,
        "payments" => 0.6,
        "accounts" => 0.3,
        "inventory" => 0.25,
        _ => 0.6,
    }
}

/// Failed sign-ins a second that are no longer forgetful customers.
const SIGNIN_FAILURES: f64 = 4.0;

struct Found<'a> {
    service: &'a str,
    out: &'a mut Vec<Finding>,
}

impl Found<'_> {
    fn add(&mut self, rule: &'static str, severity: &'static str, value: f64, summary: String) {
        self.with(rule, severity, value, summary, Vec::new());
    }

    fn with(
        &mut self,
        rule: &'static str,
        severity: &'static str,
        value: f64,
        summary: String,
        labels: Vec<(&'static str, String)>,
    ) {
        let labels = labels.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let (rule, severity, service) = (rule.into(), severity.into(), self.service.to_owned());
        self.out.push(Finding { rule, service, severity, labels, summary, value });
    }
}

/// What holds now. `window` is the span of rates; `traffic_rule` is the tuned threshold as a share of the usual
/// traffic.
pub(super) fn evaluate(history: &History, window: Duration, traffic_rule: Option<f64>) -> Vec<Finding> {
    let mut out = Vec::new();
    for (service, newest) in history.newest() {
        let mut found = Found { service, out: &mut out };
        if !newest.up {
            found.add("ServiceDown", "critical", 0.0, format!("{service} does not answer the scrape"));
            continue;
        }
        saturation(&mut found, newest);
        if let Some((old, new, seconds)) = history.span(service, window) {
            requests(&mut found, old, new, seconds);
        }
        if let Some((old, new, _)) = history.span(service, Duration::from_secs(12))
            && new.value("process_restarts_total") > old.value("process_restarts_total")
        {
            let kills = new.value("process_restarts_total") - old.value("process_restarts_total");
            found.add(
                "OutOfMemoryRestarts",
                "warning",
                kills,
                format!("{service} was killed for want of memory"),
            );
        }
        if let Some(share) = traffic_rule.filter(|_| service == "gateway") {
            traffic(&mut found, history, share);
        }
    }
    out
}

fn saturation(found: &mut Found<'_>, now: &Sample) {
    let service = found.service;
    let (size, in_use, waiting) =
        (now.value("db_pool_size"), now.value("db_pool_in_use"), now.value("db_pool_waiting"));
    if size > 0.0 && in_use >= size && waiting > 0.0 {
        let summary =
            format!("{service}: all {size} database connections in use, {waiting} requests waiting");
        found.add("DatabasePoolExhausted", "critical", waiting, summary);
    }
    let (memory, limit) =
        (now.value("process_resident_memory_bytes"), now.value("process_memory_limit_bytes"));
    if limit > 0.0 && memory / limit > 0.9 {
        let summary = format!("{service} uses {:.0} % of its memory limit", 100.0 * memory / limit);
        found.add("MemoryNearLimit", "warning", memory / limit, summary);
    }
    let (used, size) = (now.value("disk_used_bytes"), now.value("disk_size_bytes"));
    if size > 0.0 && used / size > 0.9 {
        let summary = format!("the data volume of {service} is {:.0} % full", 100.0 * used / size);
        found.add("DiskNearlyFull", "warning", used / size, summary);
    }
}

/// What counters of `new` are to be compared with: the older sample, or zero where the process began after it, as
/// Prometheus does when a counter is lower than it was.
fn before<'a>(old: &'a Sample, new: &Sample, zero: &'a Sample) -> &'a Sample {
    let began = |sample: &Sample| sample.value("process_start_time_seconds");
    if began(new) > began(old) { zero } else { old }
}

fn requests(found: &mut Found<'_>, old: &Sample, new: &Sample, seconds: f64) {
    let service = found.service.to_owned();
    let zero = Sample::down(old.at);
    let old = before(old, new, &zero);
    let all = (new.requests - old.requests).max(0.0);
    let errors = (new.errors - old.errors).max(0.0);
    if errors >= 3.0 && errors / all.max(1.0) > 0.05 {
        let ratio = errors / all.max(1.0);
        let summary = format!("{:.0} % of the requests to {service} fail", 100.0 * ratio);
        found.add("HighErrorRate", "critical", ratio, summary);
    }
    let p95 = quantile(0.95, &increase(&new.buckets, &old.buckets));
    if let Some(p95) = p95.filter(|p| all >= 5.0 && *p > slow(&service)) {
        let summary = format!("the 95th percentile of the response time of {service} is {p95:.2} s");
        found.add("HighLatency", "warning", p95, summary);
    }
    let failed = (new.signins_failed - old.signins_failed).max(0.0) / seconds;
    if failed > SIGNIN_FAILURES {
        let summary = format!("{failed:.0} sign-ins fail each second");
        found.add("SigninFailureSurge", "critical", failed, summary);
    }
    let refused = new.value("disk_write_errors_total") - old.value("disk_write_errors_total");
    if refused > 0.0 {
        let summary = format!("{service} cannot write to its data volume");
        found.add("DiskWriteErrors", "critical", refused, summary);
    }
    let none = super::sample::PeerTotals::default();
    for (peer, totals) in &new.peers {
        let before = old.peers.get(peer).unwrap_or(&none);
        let (all, failed) = ((totals.all - before.all).max(0.0), (totals.failed - before.failed).max(0.0));
        let labels = vec![("peer", peer.clone())];
        if failed >= 3.0 && failed / all.max(1.0) > 0.2 {
            let summary = format!("{:.0} % of the calls from {service} to {peer} fail", 100.0 * failed / all);
            found.with("UpstreamErrors", "warning", failed / all, summary, labels);
        } else if let Some(p95) = quantile(0.95, &increase(&totals.buckets, &before.buckets))
            && p95 > 1.4
            && all >= 3.0
        {
            let summary = format!("calls from {service} to {peer} take {p95:.1} s at the 95th percentile");
            found.with("UpstreamSlow", "warning", p95, summary, labels);
        }
    }
}

fn traffic(found: &mut Found<'_>, history: &History, share: f64) {
    let rate = |seconds| {
        let (old, new, span) = history.span(found.service, Duration::from_secs(seconds))?;
        let zero = Sample::down(old.at);
        Some((new.requests - before(old, new, &zero).requests) / span)
    };
    if let (Some(now), Some(usual)) = (rate(3), rate(40))
        && now > usual * share
    {
        let summary = format!("{now:.0} requests a second at the gateway, above the tuned threshold");
        found.add("TrafficAboveForecast", "warning", now, summary);
    }
}

#[cfg(test)]
mod tests {
    //! Rules on made-up scrapes.

    use std::time::Instant;

    use super::*;

    fn check(texts: [&str; 2], want: &[&str]) {
        let mut history = History::default();
        let start = Instant::now();
        for (n, text) in texts.iter().enumerate() {
            history.push("checkout", Sample::parse(start + Duration::from_secs(5 * n as u64), text));
        }
        let found: Vec<_> =
            evaluate(&history, Duration::from_secs(6), None).into_iter().map(|f| f.rule).collect();
        assert_eq!(found, want, "{texts:?}");
    }

    #[test]
    fn rules_hold_when_they_should_and_only_then() {
        let errors = |bad| {
            format!(
                "http_requests_total{{route=\"/\",method=\"GET\",code=\"200\"}} 100\n\
                 http_requests_total{{route=\"/\",method=\"GET\",code=\"503\"}} {bad}"
            )
        };
        check([&errors(0), &errors(0)], &[]);
        check([&errors(0), &errors(50)], &["HighErrorRate"]);
        check([&errors(50), &errors(50)], &[]);
        // A process that began in between counts from zero.
        let (earlier, later) =
            ("process_start_time_seconds 1\n".to_owned(), "process_start_time_seconds 9\n".to_owned());
        check([&(earlier.clone() + &errors(50)), &(later + &errors(50))], &["HighErrorRate"]);
        check([&(earlier.clone() + &errors(50)), &(earlier + &errors(50))], &[]);
        check(["", "db_pool_size 8\ndb_pool_in_use 8\ndb_pool_waiting 3"], &["DatabasePoolExhausted"]);
        check(["", "db_pool_size 8\ndb_pool_in_use 8\ndb_pool_waiting 0"], &[]);
        check(["", "process_resident_memory_bytes 95\nprocess_memory_limit_bytes 100"], &["MemoryNearLimit"]);
        check(["", "disk_used_bytes 95\ndisk_size_bytes 100"], &["DiskNearlyFull"]);
        check(
            ["signins_total{result=\"failed\"} 0", "signins_total{result=\"failed\"} 50"],
            &["SigninFailureSurge"],
        );
        check(
            [
                "process_restarts_total{reason=\"requested\"} 0",
                "process_restarts_total{reason=\"requested\"} 5",
            ],
            &[],
        );
    }
}
