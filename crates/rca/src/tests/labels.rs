//! Which label value carries what moved, and what that says of the cause.

use std::collections::BTreeMap;

use firebell_core::change::{Change, ChangeKind};
use firebell_core::telemetry::{Labels, MetricKind, Series, Telemetry};
use firebell_core::verdict::{Outcome, Verdict};
use jiff::Timestamp;

use super::company::Rng;
use super::noise::{poisson, told};
use crate::{Settings, investigate, reevaluate};

const START: i64 = 1_767_600_000_000;
const STEP: i64 = 10_000;
const CALM: i64 = 120;
const ILL: i64 = 60;

/// A value of each label, and its share of the traffic before and after.
struct Part {
    labels: &'static [(&'static str, &'static str)],
    traffic: (f64, f64),
    /// Share that fails since the onset.
    fails: f64,
    /// Seconds longer since the onset.
    slower: f64,
}

fn part(
    labels: &'static [(&'static str, &'static str)],
    traffic: (f64, f64),
    fails: f64,
    slower: f64,
) -> Part {
    Part { labels, traffic, fails, slower }
}

/// A counter's value, and its samples.
type Counted = (f64, Vec<(i64, f64)>);

/// One service's requests by part, another one that is well.
fn telemetry(seed: u64, parts: &[Part]) -> Telemetry {
    let mut rng = Rng::new(seed);
    let mut values: BTreeMap<(String, Labels), Counted> = BTreeMap::new();
    let other = part(&[("route", "/mail")], (1.0, 1.0), 0.002, 0.0);
    for i in 0..CALM + ILL {
        let ill = i >= CALM;
        for (service, p) in parts.iter().map(|p| ("cart", p)).chain([("mail", &other)]) {
            let share = if ill { p.traffic.1 } else { p.traffic.0 };
            let n = poisson(&mut rng, 400.0 * share);
            let bad = poisson(&mut rng, n * if ill { p.fails.max(0.002) } else { 0.002 }).min(n);
            let time = n * (0.05 + if ill { p.slower } else { 0.0 }) * (0.97 + 0.06 * rng.next());
            let mut labels = Labels::from([("service".to_owned(), service.to_owned())]);
            labels.extend(p.labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
            let mut add = |name: &str, code: Option<&str>, by: f64| {
                let mut labels = labels.clone();
                labels.extend(code.map(|c| ("code".to_owned(), c.to_owned())));
                let slot = values.entry((name.to_owned(), labels)).or_default();
                // A version that nobody runs yet reports nothing.
                if share > 0.0 || slot.0 > 0.0 {
                    slot.0 += by;
                    slot.1.push((START + i * STEP, slot.0));
                }
            };
            add("http_requests_total", Some("200"), n - bad);
            add("http_requests_total", Some("500"), bad);
            add("http_request_duration_seconds_sum", None, time);
            add("http_request_duration_seconds_count", None, n);
        }
    }
    let series = values
        .into_iter()
        .map(|((name, labels), (_, points))| Series {
            source: "prometheus/main".into(),
            name,
            labels,
            component: None,
            kind: MetricKind::Counter,
            points,
        })
        .collect();
    Telemetry { series, ..Telemetry::default() }
}

fn deploy(to: &str) -> Change {
    Change {
        id: "chg-1".into(),
        at: Timestamp::from_millisecond(START + (CALM - 1) * STEP).expect("in range"),
        kind: ChangeKind::Deploy,
        component: "service/cart".into(),
        from: Some("v1".into()),
        to: Some(to.into()),
        by: None,
        source: Some("ledger".into()),
        commit: None,
        summary: "cart".into(),
        diff: None,
        files: Vec::new(),
    }
}

fn run(t: &Telemetry) -> Verdict {
    let v = investigate(t, &Settings::default());
    assert_eq!(v.verdict, Outcome::Cause, "{}", told(&v));
    assert_eq!(v.hypotheses[0].component, "service/cart", "{}", told(&v));
    v
}

#[test]
fn a_version_with_little_traffic_that_fails_is_the_release_that_brought_it() {
    for seed in 1..=3 {
        let parts = [
            part(&[("version", "v1"), ("zone", "a")], (0.5, 0.45), 0.0, 0.0),
            part(&[("version", "v1"), ("zone", "b")], (0.5, 0.45), 0.0, 0.0),
            part(&[("version", "v2"), ("zone", "a")], (0.0, 0.05), 0.3, 0.0),
            part(&[("version", "v2"), ("zone", "b")], (0.0, 0.05), 0.3, 0.0),
        ];
        let mut t = telemetry(seed, &parts);
        let unrecorded = run(&t);
        assert_eq!(unrecorded.hypotheses[0].cause, "change.release", "{}", told(&unrecorded));
        // That the ledger holds no change of it was looked up, and the empty answer can be had again.
        let absent = &unrecorded.hypotheses[0].expected_but_absent;
        let searched =
            absent.iter().find(|a| a.claim.starts_with("no change of service/cart")).expect("told");
        let ledger = searched.evidence[0].clone();
        assert_eq!(ledger.query, "changes service/cart");
        assert_eq!(reevaluate(&t, &ledger).as_ref(), Some(&ledger.sha256));
        t.changes.push(deploy("v2"));
        assert_ne!(reevaluate(&t, &ledger), Some(ledger.sha256));
        let v = run(&t);
        let first = &v.hypotheses[0];
        assert_eq!(
            (first.cause.as_str(), first.change.as_deref()),
            ("change.release", Some("chg-1")),
            "{}",
            told(&v)
        );
        assert!(first.mechanism.contains("of the excess is version=v2, 10 % of the traffic"), "{}", told(&v));
    }
}

#[test]
fn a_customer_a_route_or_a_zone_that_carries_the_excess_is_named() {
    let cases: [(&str, [Part; 4]); 3] = [
        (
            "customer=acme",
            [
                part(&[("customer", "acme"), ("route", "/a")], (0.1, 0.1), 0.4, 0.0),
                part(&[("customer", "acme"), ("route", "/b")], (0.1, 0.1), 0.4, 0.0),
                part(&[("customer", "bolt"), ("route", "/a")], (0.4, 0.4), 0.0, 0.0),
                part(&[("customer", "coil"), ("route", "/b")], (0.4, 0.4), 0.0, 0.0),
            ],
        ),
        (
            "route=/b",
            [
                part(&[("customer", "acme"), ("route", "/a")], (0.4, 0.4), 0.0, 0.0),
                part(&[("customer", "acme"), ("route", "/b")], (0.1, 0.1), 0.0, 0.4),
                part(&[("customer", "bolt"), ("route", "/a")], (0.4, 0.4), 0.0, 0.0),
                part(&[("customer", "bolt"), ("route", "/b")], (0.1, 0.1), 0.0, 0.4),
            ],
        ),
        (
            "zone=c",
            [
                part(&[("zone", "a"), ("pod", "cart-1")], (0.25, 0.25), 0.0, 0.0),
                part(&[("zone", "b"), ("pod", "cart-2")], (0.25, 0.25), 0.0, 0.0),
                part(&[("zone", "b"), ("pod", "cart-3")], (0.25, 0.25), 0.0, 0.0),
                part(&[("zone", "c"), ("pod", "cart-4")], (0.25, 0.25), 0.5, 0.1),
            ],
        ),
    ];
    for (named, parts) in cases {
        for seed in 1..=3 {
            let v = run(&telemetry(seed, &parts));
            let first = &v.hypotheses[0];
            let said = |text: &str| text.contains(&format!("of the excess is {named}"));
            // One pod of a zone of its own may be told by either.
            let pod = named == "zone=c" && first.mechanism.contains("pod=cart-4");
            assert!(said(&first.mechanism) || pod, "{named}: {}", told(&v));
        }
    }
}

#[test]
fn what_all_parts_suffer_alike_names_no_label() {
    for seed in 1..=3 {
        let parts = [
            part(&[("version", "v1"), ("zone", "a")], (0.5, 0.5), 0.2, 0.1),
            part(&[("version", "v1"), ("zone", "b")], (0.3, 0.3), 0.2, 0.1),
            part(&[("version", "v2"), ("zone", "a")], (0.2, 0.2), 0.2, 0.1),
        ];
        let mut t = telemetry(seed, &parts);
        t.changes.push(deploy("v3"));
        let v = run(&t);
        let told_of =
            v.hypotheses.iter().any(|h| ["version=", "zone="].iter().any(|l| h.mechanism.contains(l)));
        assert!(!told_of, "{}", told(&v));
    }
}
