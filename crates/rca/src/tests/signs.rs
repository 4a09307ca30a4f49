//! Signs that name no kind of their own: counters without an ending, shares of hits, packets that are lost, and what people
//! say of the beginning.

use firebell_core::telemetry::MetricKind;
use firebell_core::verdict::Outcome;
use jiff::Timestamp;
use proptest::prelude::*;

use super::noise::{normal, told};
use super::shapes::{Made, START, is, late};
use crate::{Settings, investigate};

const STEP: i64 = 15_000;
const LONG: i64 = 240;

/// Whole requests of each service by status, most of one service's failing late; the metric is called `name`.
fn requests(made: &mut Made, name: &str) {
    for service in ["web", "cart", "search", "billing"] {
        for (code, failing) in [("200", false), ("500", true)] {
            let mut total = 100_000.0;
            let points: Vec<(i64, f64)> = (0..made.n)
                .map(|i| {
                    let ill = service == "cart" && i * 10 >= made.n * 7;
                    let rate = match (failing, ill) {
                        (true, true) => 400.0,
                        (true, false) => 2.0,
                        _ => 1000.0,
                    };
                    total += (rate * (1.0 + 0.05 * normal(&mut made.rng))).max(0.0).round();
                    (START + i * made.step, total)
                })
                .collect();
            made.push(name, &[("service", service), ("status", code)], MetricKind::Unknown, points);
        }
    }
}

#[test]
fn what_counts_is_known_by_its_course_where_its_name_does_not_say() {
    for name in ["nginx_ingress_controller_requests", "http_requests", "http_requests_total"] {
        for seed in 1..=3 {
            let mut made = Made::new(seed, STEP, LONG);
            requests(&mut made, name);
            is(&made, "service/cart", "code.exception");
        }
    }
}

#[test]
fn a_share_of_hits_that_falls_is_a_cache_that_helps_no_more() {
    for seed in 1..=3 {
        let mut made = Made::new(seed, STEP, LONG);
        for service in ["web", "cart", "search", "billing"] {
            let factor = move |at| if service == "cart" { late(at, 0.2) } else { 1.0 };
            made.gauge("cache_hit_ratio", service, 0.95, factor);
        }
        made.gauge("latency_seconds", "cart", 0.06, |at| late(at, 5.0));
        is(&made, "service/cart", "cache.stampede");
    }
    // More hits are no harm.
    let mut made = Made::new(4, STEP, LONG);
    made.gauge("cache_hits_per_second", "cart", 100.0, |at| late(at, 5.0));
    assert!(
        made.verdict().hypotheses.iter().all(|h| h.cause != "cache.stampede"),
        "{}",
        told(&made.verdict())
    );
}

#[test]
fn packets_that_are_lost_are_not_a_link_that_is_full() {
    for (seed, name, level) in
        [(1, "network_packet_drop_rate", 0.1), (2, "node_netstat_Tcp_RetransSegs", 1.0)]
    {
        let mut made = Made::new(seed, STEP, LONG);
        for service in ["web", "cart", "search", "billing"] {
            made.gauge(name, service, level, move |at| if service == "cart" { late(at, 90.0) } else { 1.0 });
        }
        made.gauge("latency_seconds", "cart", 0.06, |at| late(at, 5.0));
        is(&made, "service/cart", "network.loss");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// People say when it began, and are some minutes wrong.
    #[test]
    fn what_people_say_of_the_beginning_may_be_minutes_wrong(seed in 1u64..50, off in -300i64..300, step in prop_oneof![Just(1_000), Just(15_000)]) {
        let n = if step == 1_000 { 1_200 } else { LONG };
        let mut made = Made::new(seed, step, n);
        made.gauge("latency_seconds", "cart", 0.06, |at| late(at, 5.0));
        made.gauge("http_5xx_ratio", "cart", 0.002, |at| late(at, 60.0));
        let mut t = made.t.clone();
        "cart is slow".clone_into(&mut t.report);
        let onset = START + n * 7 / 10 * step;
        let said = (onset + off * 1000).clamp(START + step, START + (n - 2) * step);
        t.impact_started_at = Timestamp::from_millisecond(said).ok();
        let v = investigate(&t, &Settings::default());
        let first = v.hypotheses.first().map(|h| h.component.as_str());
        prop_assert_eq!((v.verdict, first), (Outcome::Cause, Some("service/cart")), "said {} s from it: {}", (said - onset) / 1000, told(&v));
    }
}
