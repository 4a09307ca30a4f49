//! A registry of counters, gauges and histograms for one service. Rendering is next door.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::trace::{TraceCx, now_ns};

/// Upper bounds of every histogram's buckets, in seconds.
pub(crate) const BOUNDS: [f64; 19] = [
    0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 4.0,
    8.0,
];

/// What sort of metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// One metric's name, sort and help text.
pub(crate) struct Desc {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) help: &'static str,
}

const fn desc(name: &'static str, kind: Kind, help: &'static str) -> Desc {
    Desc { name, kind, help }
}

/// Every metric of the shop.
pub(crate) const DESCS: &[Desc] = &[
    desc("build_info", Kind::Gauge, "Version that runs, as a label."),
    desc("db_pool_in_use", Kind::Gauge, "Connections lent out."),
    desc("db_pool_size", Kind::Gauge, "Connections that the pool may lend out."),
    desc("db_pool_timeouts_total", Kind::Counter, "Requests that got no connection in time."),
    desc("db_pool_waiting", Kind::Gauge, "Requests that wait for a connection."),
    desc("db_queries_total", Kind::Counter, "Statements run."),
    desc("db_errors_total", Kind::Counter, "Statements that failed."),
    desc("db_query_duration_seconds", Kind::Histogram, "Time of one statement, round trip included."),
    desc("disk_size_bytes", Kind::Gauge, "Size of the data volume."),
    desc("disk_used_bytes", Kind::Gauge, "Bytes used on the data volume."),
    desc("disk_write_errors_total", Kind::Counter, "Writes that the data volume refused."),
    desc("feature_flag_evaluations_total", Kind::Counter, "Decisions by a feature flag."),
    desc("gc_pause_seconds_total", Kind::Counter, "Time that all requests stood still for memory."),
    desc("http_client_request_duration_seconds", Kind::Histogram, "Time of one outgoing call attempt."),
    desc("http_client_requests_total", Kind::Counter, "Outgoing call attempts."),
    desc("http_request_duration_seconds", Kind::Histogram, "Time from request to answer."),
    desc("http_requests_in_flight", Kind::Gauge, "Requests being worked on."),
    desc("http_requests_total", Kind::Counter, "Requests answered."),
    desc("notifications_sent_total", Kind::Counter, "Messages handed to customers."),
    desc("orders_completed_total", Kind::Counter, "Orders paid and confirmed."),
    desc("orders_value_total", Kind::Counter, "Value of completed orders, in euro."),
    desc("process_cpu_seconds_total", Kind::Counter, "Time spent working rather than waiting."),
    desc("process_memory_limit_bytes", Kind::Gauge, "Memory at which the process is killed."),
    desc("process_resident_memory_bytes", Kind::Gauge, "Memory held."),
    desc("process_restarts_total", Kind::Counter, "Starts after the first, by reason."),
    desc("process_start_time_seconds", Kind::Gauge, "Start of the process, unix time."),
    desc("rate_limited_total", Kind::Counter, "Requests turned away by a rate limit."),
    desc("replicas_ready", Kind::Gauge, "Replicas that take requests."),
    desc("retries_total", Kind::Counter, "Outgoing calls tried again."),
    desc("signins_total", Kind::Counter, "Sign-in attempts by result."),
];

/// The description of a metric.
pub(crate) fn describe(name: &str) -> Option<&'static Desc> {
    DESCS.iter().find(|d| d.name == name)
}

/// A sample that points to a trace.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Exemplar {
    pub(crate) trace_id: [u8; 16],
    pub(crate) span_id: [u8; 8],
    pub(crate) value: f64,
    pub(crate) at_ns: u64,
}

/// The exemplar of a request that ends now.
pub(crate) fn exemplar(cx: TraceCx, took: Duration) -> Exemplar {
    Exemplar { trace_id: cx.trace_id, span_id: cx.span_id, value: took.as_secs_f64(), at_ns: now_ns() }
}

/// Counts by bucket, not cumulative; the last is beyond all bounds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Histogram {
    pub(crate) counts: [u64; BOUNDS.len() + 1],
    pub(crate) sum: f64,
    pub(crate) count: u64,
    pub(crate) exemplars: BTreeMap<usize, Exemplar>,
}

impl Histogram {
    /// Takes one observation in seconds.
    pub(crate) fn observe(&mut self, value: f64, exemplar: Option<Exemplar>) {
        let index = BOUNDS.iter().position(|b| value <= *b).unwrap_or(BOUNDS.len());
        self.counts[index] += 1;
        self.sum += value;
        self.count += 1;
        if let Some(exemplar) = exemplar {
            self.exemplars.insert(index, exemplar);
        }
    }
}

/// Estimates a quantile from cumulative `(upper bound, count)` pairs as Prometheus does: linear within the bucket,
/// the highest finite bound beyond it. `None` without observations.
pub(crate) fn quantile(q: f64, cumulative: &[(f64, f64)]) -> Option<f64> {
    let total = cumulative.last()?.1;
    if total <= 0.0 {
        return None;
    }
    let rank = q * total;
    let (mut lower, mut below) = (0.0, 0.0);
    for (bound, count) in cumulative {
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

/// A series' value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Histogram(Box<Histogram>),
}

/// Label values of a series, in a fixed order of names.
pub(crate) type LabelSet = Vec<(&'static str, String)>;
type Families = BTreeMap<&'static str, BTreeMap<LabelSet, Value>>;

/// All series of one service.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    families: Mutex<Families>,
}

fn own(labels: &[(&'static str, &str)]) -> LabelSet {
    labels.iter().map(|(k, v)| (*k, (*v).to_owned())).collect()
}

impl Registry {
    fn number(&self, name: &'static str, labels: &[(&'static str, &str)], change: impl FnOnce(&mut f64)) {
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let value = families.entry(name).or_default().entry(own(labels)).or_insert(Value::Number(0.0));
        if let Value::Number(number) = value {
            change(number);
        }
    }

    /// Adds to a counter.
    pub(crate) fn add(&self, name: &'static str, labels: &[(&'static str, &str)], by: f64) {
        self.number(name, labels, |n| *n += by);
    }

    /// Adds one to a counter.
    pub(crate) fn inc(&self, name: &'static str, labels: &[(&'static str, &str)]) {
        self.add(name, labels, 1.0);
    }

    /// Sets a gauge, or a counter that is kept elsewhere.
    pub(crate) fn set(&self, name: &'static str, labels: &[(&'static str, &str)], to: f64) {
        self.number(name, labels, |n| *n = to);
    }

    /// Forgets all series of a gauge, so that one with other labels can take their place.
    pub(crate) fn forget(&self, name: &'static str) {
        self.families.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Forgets everything but the series of `kept`: a new process counts from zero.
    pub(crate) fn restart(&self, kept: &[&str]) {
        self.families.lock().unwrap_or_else(PoisonError::into_inner).retain(|name, _| kept.contains(name));
    }

    /// Takes one observation, in seconds.
    pub(crate) fn observe(
        &self,
        name: &'static str,
        labels: &[(&'static str, &str)],
        value: f64,
        exemplar: Option<Exemplar>,
    ) {
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let series = families.entry(name).or_default();
        let entry = series.entry(own(labels)).or_insert_with(|| Value::Histogram(Box::default()));
        if let Value::Histogram(histogram) = entry {
            histogram.observe(value, exemplar);
        }
    }

    /// A copy of everything.
    pub(crate) fn snapshot(&self) -> Families {
        self.families.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests;
