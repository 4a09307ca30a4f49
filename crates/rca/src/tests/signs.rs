//! Signs that name no kind of their own: counters without an ending, shares of hits, packets that are lost, and what people
//! say of the beginning.

use firebell_core::telemetry::{Labels, LogLine, MetricKind, TopologyEdge};
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
fn a_cache_that_does_not_answer_is_called_by_its_own_name() {
    let mut made = Made::new(5, STEP, LONG);
    made.gauge("http_5xx_ratio", "cart", 0.002, |at| late(at, 200.0));
    let (caller, callee) = ("cart".to_owned(), "redis".to_owned());
    made.t.topology.push(TopologyEdge { caller, callee, kind: String::new() });
    for i in 0..LONG {
        let ill = i * 10 >= LONG * 7;
        let text = match ill {
            true => "dial tcp 10.0.0.4:6379: connect: connection refused (redis)".to_owned(),
            false => format!("order {i} stored"),
        };
        made.t.logs.push(LogLine {
            source: "logs/cart.log".into(),
            line: i as u64 + 1,
            component: Some("cart".into()),
            at: Timestamp::from_millisecond(START + i * STEP).ok(),
            level: Some(if ill { "error" } else { "info" }.into()),
            text,
            fields: Labels::new(),
            trace_id: None,
        });
    }
    is(&made, "cache/redis", "cache.unavailable");
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

/// Access lines of a service, one a sample from each of twenty addresses, and what else is sent since the onset.
fn access(made: &mut Made, service: &str, more: impl Fn(i64, usize) -> Option<(String, String, u16)>) {
    let at = |i: i64, ms: i64| Timestamp::from_millisecond(START + i * STEP + ms).ok();
    let mut line = |at, address: &str, path: &str, status: u16| {
        let number = made.t.logs.len() as u64 + 1;
        made.t.logs.push(LogLine {
            source: format!("logs/{service}.log"),
            line: number,
            component: Some(service.to_owned()),
            at,
            level: None,
            text: format!("{address} - - \"GET {path} HTTP/1.1\" {status} 512"),
            fields: Labels::new(),
            trace_id: None,
        });
    };
    for i in 0..made.n {
        for k in 0..5 {
            let address = format!("198.51.100.{}", 1 + (i * 5 + k) % 20);
            line(at(i, k * 100), &address, &format!("/products/{}", (i * 7 + k) % 90), 200);
        }
        if i * 10 >= made.n * 7 {
            for k in 0..40 {
                let Some((address, path, status)) = more(i, k) else { break };
                line(at(i, 1_000 + k as i64 * 10), &address, &path, status);
            }
        }
    }
}

/// The first hypothesis and the verdict, where customers complain.
fn first(made: &Made) -> (Outcome, String, String) {
    let mut t = made.t.clone();
    "customers cannot use the catalogue".clone_into(&mut t.report);
    let v = investigate(&t, &Settings::default());
    let h = v.hypotheses.first();
    (
        v.verdict,
        h.map_or_else(String::new, |h| h.component.clone()),
        h.map_or_else(String::new, |h| h.cause.clone()),
    )
}

#[test]
fn requests_that_are_meant_to_break_in_are_told_from_a_fault_of_the_code() {
    let payloads = [
        "/products?q=1%27+UNION+SELECT+password+FROM+users",
        "/files?name=../../../etc/passwd",
        "/products?q=%27+or+%271%27%3D%271",
    ];
    for seed in 1..=3 {
        let mut made = Made::new(seed, STEP, LONG);
        made.gauge("http_5xx_ratio", "web", 0.002, |at| late(at, 150.0));
        access(&mut made, "web", |i, k| {
            (k < 6)
                .then(|| ("203.0.113.9".to_owned(), format!("{}{}", payloads[(i as usize + k) % 3], k), 500))
        });
        assert_eq!(first(&made), (Outcome::Cause, "service/web".into(), "security.injection".into()));
    }
    // A scanner that is always about, whose requests are answered like all others, explains no failure.
    let mut made = Made::new(9, STEP, LONG);
    made.gauge("http_5xx_ratio", "web", 0.002, |at| late(at, 150.0));
    access(&mut made, "web", |_, k| {
        (k < 6).then(|| (format!("198.51.100.{}", 1 + k), "/products/7".to_owned(), 500))
    });
    for i in 0..LONG {
        let mut line = made.t.logs[0].clone();
        line.at = Timestamp::from_millisecond(START + i * STEP + 500).ok();
        line.line = made.t.logs.len() as u64 + 1;
        line.text = format!("203.0.113.9 - - \"GET {}{i} HTTP/1.1\" 404 12", payloads[0]);
        made.t.logs.push(line);
    }
    assert!(first(&made).2 != "security.injection", "{:?}", first(&made));
}

#[test]
fn one_address_that_sends_most_is_no_surge_of_customers() {
    for seed in 1..=3 {
        let mut made = Made::new(seed, STEP, LONG);
        made.gauge("latency_seconds", "web", 0.06, |at| late(at, 5.0));
        made.gauge("request_rate", "web", 100.0, |at| late(at, 6.0));
        access(&mut made, "web", |_, k| {
            (k < 25).then(|| ("203.0.113.9".to_owned(), format!("/products/{k}"), 200))
        });
        assert_eq!(first(&made), (Outcome::Cause, "service/web".into(), "traffic.abuse".into()));
    }
    // The same by many addresses is.
    let mut made = Made::new(7, STEP, LONG);
    made.gauge("latency_seconds", "web", 0.06, |at| late(at, 5.0));
    made.gauge("request_rate", "web", 100.0, |at| late(at, 6.0));
    access(&mut made, "web", |i, k| {
        (k < 25).then(|| (format!("192.0.2.{}", (i as usize * 25 + k) % 200), format!("/products/{k}"), 200))
    });
    assert!(first(&made).2 != "traffic.abuse", "{:?}", first(&made));
}
