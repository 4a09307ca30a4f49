//! Series of every shape: ten points and a million, counters, gauges and histograms, limits, throttling and slow climbs.

use firebell_core::telemetry::{Labels, MetricKind, Series, Telemetry, Window};
use firebell_core::verdict::{Outcome, Verdict};
use jiff::Timestamp;

use super::company::Rng;
use super::noise::{normal, told};
use crate::{Settings, investigate};

pub(super) const START: i64 = 1_767_600_000_000;

/// A system of quiet services, and a series more of one of them.
pub(super) struct Made {
    pub(super) rng: Rng,
    pub(super) t: Telemetry,
    pub(super) step: i64,
    pub(super) n: i64,
}

impl Made {
    pub(super) fn new(seed: u64, step: i64, n: i64) -> Self {
        let mut made = Self { rng: Rng::new(seed), t: Telemetry::default(), step, n };
        for service in ["web", "cart", "search", "billing"] {
            made.gauge("latency_seconds", service, 0.06, |_| 1.0);
            made.gauge("cpu_cores", service, 0.4, |_| 1.0);
        }
        made
    }

    pub(super) fn push(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        kind: MetricKind,
        points: Vec<(i64, f64)>,
    ) {
        self.t.series.push(Series {
            source: "metrics/m.csv".into(),
            name: name.into(),
            labels: labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Labels>(),
            component: None,
            kind,
            points,
        });
    }

    /// A level with five percent of noise, times `factor` of the sample's place between 0 and 1.
    pub(super) fn gauge(&mut self, name: &str, service: &str, level: f64, factor: impl Fn(f64) -> f64) {
        let points = (0..self.n)
            .map(|i| {
                let noise = 1.0 + 0.05 * normal(&mut self.rng);
                (START + i * self.step, level * noise * factor(i as f64 / self.n as f64))
            })
            .collect();
        self.t.series.retain(|s| s.name != name || s.labels.get("service").is_none_or(|o| o != service));
        self.push(name, &[("service", service)], MetricKind::Gauge, points);
    }

    pub(super) fn constant(&mut self, name: &str, service: &str, value: f64) {
        let points = (0..self.n).map(|i| (START + i * self.step, value)).collect();
        self.push(name, &[("service", service)], MetricKind::Gauge, points);
    }

    /// A counter whose growth for each step is `rate` of the sample's place; what kind it is nobody says.
    pub(super) fn counter(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        rate: impl Fn(f64) -> f64,
        reset: bool,
    ) {
        let mut total = 1e6;
        let points = (0..self.n)
            .map(|i| {
                let at = i as f64 / self.n as f64;
                total += rate(at) * (1.0 + 0.01 * normal(&mut self.rng)).max(0.0);
                if reset && i == self.n * 4 / 5 {
                    total = 0.0;
                }
                (START + i * self.step, total)
            })
            .collect();
        self.push(name, labels, MetricKind::Unknown, points);
    }

    pub(super) fn verdict(&self) -> Verdict {
        investigate(&self.t, &Settings::default())
    }
}

/// The last three tenths.
pub(super) fn late(at: f64, more: f64) -> f64 {
    if at >= 0.7 { more } else { 1.0 }
}

pub(super) fn is(made: &Made, component: &str, cause: &str) {
    // Whoever looks into it was called.
    let mut t = made.t.clone();
    "something is wrong".clone_into(&mut t.report);
    let v = investigate(&t, &Settings::default());
    let first = v.hypotheses.first().map(|h| (h.component.as_str(), h.cause.as_str()));
    assert_eq!((v.verdict, first), (Outcome::Cause, Some((component, cause))), "{}", told(&v));
}

fn is_calm(made: &Made) {
    let v = made.verdict();
    assert!(v.verdict != Outcome::Cause, "{}", told(&v));
}

#[test]
fn ten_points_of_five_minutes_show_a_fault_and_no_fault() {
    for seed in 1..=6 {
        let mut made = Made::new(seed, 300_000, 10);
        is_calm(&made);
        made.gauge("latency_seconds", "cart", 0.06, |at| late(at, 6.0));
        let v = made.verdict();
        let first = v.hypotheses.first().map(|h| h.component.as_str());
        assert_eq!((v.verdict, first), (Outcome::Cause, Some("service/cart")), "{}", told(&v));
    }
}

#[test]
fn a_fault_of_minutes_shows_in_a_million_seconds() {
    for said in [true, false] {
        let n = 1_000_000;
        let mut made = Made { rng: Rng::new(5), t: Telemetry::default(), step: 1_000, n };
        for service in ["web", "cart"] {
            let ill = if service == "cart" { 5.0 } else { 1.0 };
            let from = 1.0 - 400.0 / n as f64;
            made.gauge("latency_seconds", service, 0.06, |at| if at >= from { ill } else { 1.0 });
        }
        if said {
            let time = |i: i64| Timestamp::from_millisecond(START + i * 1_000).expect("in range");
            made.t.window = Some(Window { start: time(n - 900), end: time(n) });
        }
        let v = made.verdict();
        let first = v.hypotheses.first().map(|h| h.component.as_str());
        assert_eq!((v.verdict, first), (Outcome::Cause, Some("service/cart")), "said {said}: {}", told(&v));
    }
}

#[test]
fn resources_are_held_against_their_known_limits() {
    let cases = [
        ("cpu_cores", "cpu_limit_cores", 0.5, 1.0, "saturation.cpu"),
        ("process_open_fds", "process_max_fds", 500.0, 1024.0, "saturation.file_descriptors"),
        ("worker_threads_busy", "worker_threads_max", 20.0, 40.0, "saturation.threads"),
        ("queue_depth", "queue_capacity", 50.0, 100.0, "saturation.queue"),
        ("db_pool_in_use", "db_pool_size", 9.0, 18.0, "saturation.connection_pool"),
        ("memory_working_set_bytes", "memory_limit_bytes", 4e8, 8e8, "saturation.memory"),
    ];
    for (used, limit, level, most, cause) in cases {
        for seed in 1..=2 {
            let mut made = Made::new(seed, 15_000, 120);
            made.constant(limit, "cart", most);
            made.gauge(used, "cart", level, |at| late(at, 1.98));
            made.gauge("latency_seconds", "cart", 0.06, |at| late(at, 4.0));
            is(&made, "service/cart", cause);
        }
    }
}

#[test]
fn throttling_is_the_limit_and_not_the_load() {
    let mut made = Made::new(1, 15_000, 120);
    made.gauge("latency_seconds", "cart", 0.06, |at| late(at, 4.0));
    made.counter(
        "container_cpu_cfs_throttled_seconds_total",
        &[("service", "cart")],
        |at| if at >= 0.7 { 6.0 } else { 0.05 },
        false,
    );
    is(&made, "service/cart", "saturation.cpu");
    let mut made = Made::new(2, 15_000, 120);
    made.gauge("latency_seconds", "cart", 0.06, |at| late(at, 3.0));
    let called = [("service", "cart"), ("peer", "tax-api"), ("code", "200")];
    made.counter("http_client_requests_total", &called, |at| if at >= 0.7 { 60.0 } else { 100.0 }, false);
    let held = [("service", "cart"), ("peer", "tax-api"), ("code", "429")];
    made.counter("http_client_requests_total", &held, |at| if at >= 0.7 { 40.0 } else { 0.0 }, false);
    is(&made, "third_party/tax-api", "dependency.rate_limited");
}

#[test]
fn a_climb_so_slow_that_noise_hides_each_step_is_a_leak() {
    for seed in 1..=4 {
        let mut made = Made::new(seed, 60_000, 360);
        made.constant("memory_limit_bytes", "cart", 8e8);
        made.gauge("memory_rss_bytes", "cart", 4e8, |at| 1.0 + 0.6 * at);
        is(&made, "service/cart", "code.memory_leak");
    }
}

#[test]
fn a_process_that_is_killed_for_its_memory_leaked_before_anybody_complained() {
    for seed in 1..=4 {
        let mut made = Made::new(seed, 1_000, 240);
        let filling = |at: f64| if (0.75..0.94).contains(&at) { 1.0 + 30.0 * (at - 0.75) } else { 1.0 };
        made.gauge("process_resident_memory_bytes", "cart", 6e6, filling);
        for (code, calm, ill) in [("200", 100.0, 20.0), ("500", 0.0, 80.0)] {
            let labels = [("service", "cart"), ("code", code)];
            made.counter("http_requests_total", &labels, |at| if at >= 0.94 { ill } else { calm }, false);
        }
        is(&made, "service/cart", "code.memory_leak");
    }
}

#[test]
fn who_cannot_be_looked_at_is_not_ruled_out() {
    for seed in 1..=3 {
        let make = |seen: bool| {
            let mut made = Made::new(seed, 5_000, 200);
            for service in ["carts", "mail"] {
                made.gauge("latency_seconds", service, 0.06, |_| 1.0);
                made.gauge("cpu_cores", service, 0.4, |_| 1.0);
            }
            made.gauge("cpu_cores", "search", 0.4, |at| late(at, 3.0));
            made.gauge("latency_seconds", "search", 0.06, |at| late(at, 3.0));
            made.gauge("latency_seconds", "billing", 0.06, |at| late(at, 2.0));
            made.t.series.retain(|s| {
                seen || s.name != "cpu_cores" || s.labels.get("service").is_none_or(|o| o != "billing")
            });
            made.verdict()
        };
        let first = |v: &Verdict| v.hypotheses.first().map(|h| (h.component.clone(), h.confidence));
        let (all, part) = (make(true), make(false));
        let (Some((sure, high)), Some((same, low))) = (first(&all), first(&part)) else {
            panic!("{} {}", told(&all), told(&part))
        };
        assert_eq!((sure.as_str(), same.as_str()), ("service/search", "service/search"));
        assert!(low <= 0.68 && low < high, "{low} {high}");
        let tells = |v: &Verdict| v.gaps.iter().any(|g| g.starts_with("service/billing is not measured"));
        assert!(tells(&part) && !tells(&all), "{:?}", part.gaps);
    }
}

#[test]
fn counters_gauges_and_histograms_are_told_apart() {
    // A counter that starts again from nothing is no step, and one that only rises is no ramp.
    let mut made = Made::new(3, 15_000, 120);
    made.counter("http_requests_total", &[("service", "cart"), ("code", "200")], |_| 90.0, true);
    made.counter("process_cpu_seconds_total", &[("service", "cart")], |_| 4.0, true);
    // What is called a total and falls as well is a level.
    made.gauge("sessions_total", "cart", 300.0, |_| 1.0);
    is_calm(&made);
    // Buckets become a quantile: requests are as many as before, and slower.
    for (le, calm, ill) in
        [("0.05", 60.0, 5.0), ("0.1", 98.0, 12.0), ("0.5", 99.0, 60.0), ("+Inf", 100.0, 100.0)]
    {
        made.counter(
            "http_request_duration_seconds_bucket",
            &[("service", "cart"), ("le", le)],
            |at| if at >= 0.7 { ill } else { calm },
            false,
        );
    }
    let v = made.verdict();
    let first = v.hypotheses.first().expect("a hypothesis");
    assert_eq!((v.verdict, first.component.as_str()), (Outcome::Cause, "service/cart"), "{}", told(&v));
    assert!(first.mechanism.contains("http_request_duration_seconds_bucket (p95)"), "{}", told(&v));
}

#[test]
fn a_third_of_the_samples_may_be_missing() {
    for seed in 1..=4 {
        let make = |ill: f64| {
            let mut made = Made::new(seed, 15_000, 200);
            for (code, share) in [("200", 1.0), ("201", 0.5), ("500", 0.01)] {
                let more = if code == "500" { ill } else { 1.0 };
                let labels = [("service", "cart"), ("code", code)];
                made.counter("http_requests_total", &labels, |at| 100.0 * share * late(at, more), false);
            }
            for (le, n) in [("0.05", 60.0), ("0.1", 97.0), ("0.5", 99.0), ("+Inf", 100.0)] {
                let labels = [("service", "cart"), ("le", le)];
                made.counter("http_request_duration_seconds_bucket", &labels, |_| n, false);
            }
            let mut lost = Rng::new(seed + 40);
            for s in &mut made.t.series {
                s.points.retain(|_| lost.next() > 0.3);
            }
            made
        };
        is_calm(&make(1.0));
        let v = make(40.0).verdict();
        let first = v.hypotheses.first().map(|h| h.component.as_str());
        assert_eq!((v.verdict, first), (Outcome::Cause, Some("service/cart")), "{}", told(&v));
    }
}
