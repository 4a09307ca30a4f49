//! Telemetry in which nothing happens: whatever the number of series, their steps and the sort of their noise, nothing is
//! to blame. And one true fault among all of it is.

use std::collections::BTreeMap;

use firebell_core::telemetry::{MetricKind, Series, Telemetry, Window};
use firebell_core::verdict::{Outcome, Verdict};

use jiff::Timestamp;

use super::company::Rng;
use crate::{Settings, investigate};

/// About normal, mean 0 and deviation 1.
pub(super) fn normal(rng: &mut Rng) -> f64 {
    (0..6).map(|_| rng.next()).sum::<f64>() * std::f64::consts::SQRT_2 - 3.0 * std::f64::consts::SQRT_2
}

/// Number of events of a Poisson process.
pub(super) fn poisson(rng: &mut Rng, mean: f64) -> f64 {
    if mean > 40.0 {
        return (mean + mean.sqrt() * normal(rng)).max(0.0).round();
    }
    let (mut n, mut p, end) = (0.0, rng.next(), (-mean).exp());
    while p > end {
        p *= rng.next();
        n += 1.0;
    }
    n
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Noise {
    /// Each sample by itself.
    White,
    /// Each sample nine tenths of the one before.
    Held,
    /// Mostly calm, now and then far out.
    Heavy,
    /// Counters and gauges of rare events.
    Counts,
}

const GAUGES: [(&str, f64); 6] = [
    ("latency_seconds", 0.08),
    ("cpu_usage", 0.4),
    ("memory_bytes", 3e8),
    ("request_rate", 120.0),
    ("error_ratio", 0.01),
    ("threads", 40.0),
];
const COUNTS: [(&str, f64); 6] = [
    ("http_requests_total{200}", 90.0),
    ("http_requests_total{500}", 0.05),
    ("queue_depth", 0.3),
    ("errors_total", 0.2),
    ("pool_waiting", 0.1),
    ("process_restarts_total", 0.004),
];

fn quiet(noise: Noise, seed: u64, count: usize, points: usize, step: i64) -> Telemetry {
    let mut rng = Rng::new(seed);
    let series = (0..count)
        .map(|i| {
            let named = if noise == Noise::Counts { &COUNTS } else { &GAUGES };
            let (name, usual) = named[i % named.len()];
            let (mut held, mut total) = (0.0, 0.0);
            let counter = name.contains("_total");
            let points = (0..points as i64)
                .map(|k| {
                    let value = match noise {
                        Noise::White => usual * (1.0 + 0.15 * normal(&mut rng)).max(0.0),
                        Noise::Held => {
                            held = 0.9 * held + 0.44 * normal(&mut rng);
                            // Memory wanders less than what is measured anew each time.
                            let wide = if name == "memory_bytes" { 0.05 } else { 0.15 };
                            usual * (1.0f64 + wide * held).max(0.0)
                        }
                        // A ratio of two normal deviates has the tails of a Student distribution.
                        Noise::Heavy => {
                            let far = normal(&mut rng) / (0.25 + normal(&mut rng).abs());
                            usual * (1.0 + 0.1 * far).max(0.0)
                        }
                        Noise::Counts => {
                            let n = poisson(&mut rng, usual * step as f64 / 15_000.0);
                            total += n;
                            if counter { total } else { n }
                        }
                    };
                    (1_700_000_000_000 + k * step, value)
                })
                .collect();
            let mut labels =
                BTreeMap::from([("component".to_owned(), format!("service/s{}", i / GAUGES.len()))]);
            let plain = name.split('{').next().unwrap_or(name);
            if let Some(code) = name.strip_suffix('}').and_then(|n| n.split('{').nth(1)) {
                labels.insert("code".to_owned(), code.to_owned());
            }
            Series {
                source: "metrics/quiet.csv".to_owned(),
                name: plain.to_owned(),
                labels,
                component: None,
                kind: if counter { MetricKind::Counter } else { MetricKind::Gauge },
                points,
            }
        })
        .collect();
    Telemetry { series, ..Telemetry::default() }
}

/// A verdict, for the message of an assertion.
pub(super) fn told(v: &Verdict) -> String {
    let list = v.hypotheses.iter().take(3);
    let list: Vec<String> =
        list.map(|h| format!("{} {:.2} {}", h.component, h.confidence, h.mechanism)).collect();
    format!("{:?} {list:#?}", v.verdict)
}

const KINDS: [Noise; 4] = [Noise::White, Noise::Held, Noise::Heavy, Noise::Counts];

#[test]
fn thousands_of_series_of_noise_have_no_cause() {
    let mut wrong = Vec::new();
    for noise in KINDS {
        for (seed, count, points, step) in
            [(1, 3_000, 60, 15_000), (2, 600, 240, 15_000), (5, 30, 240, 15_000), (6, 30, 240, 15_000)]
        {
            let v = investigate(&quiet(noise, seed, count, points, step), &Settings::default());
            if v.verdict == Outcome::Cause {
                wrong.push(format!("{noise:?}, {count} series of {points}: {}", told(&v)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of 16\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn one_series_of_thousands_that_truly_moves_is_found() {
    let mut wrong = Vec::new();
    for noise in [Noise::White, Noise::Held, Noise::Heavy] {
        for seed in 11..14 {
            let mut t = quiet(noise, seed, 2_000, 120, 15_000);
            // The latency of s200 triples.
            for p in t.series[1_200].points.iter_mut().skip(80) {
                p.1 += 0.16;
            }
            let v = investigate(&t, &Settings::default());
            let first = v.hypotheses.first().map(|h| h.component.as_str());
            if (v.verdict, first) != (Outcome::Cause, Some("service/s200")) {
                wrong.push(format!("{noise:?} {seed}: {}", told(&v)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of 9\n{}", wrong.len(), wrong.join("\n"));
}

/// The same with fifteen five-minute samples, the last eight of which somebody looks at.
fn short(noise: Noise, seed: u64, count: usize) -> Telemetry {
    const STEP: i64 = 300_000;
    let mut t = quiet(noise, seed, count, 15, STEP);
    let at = |k: i64| Timestamp::from_millisecond(1_700_000_000_000 + k * STEP).expect("in range");
    t.window = Some(Window { start: at(7), end: at(14) });
    t
}

#[test]
fn hundreds_of_series_of_fifteen_samples_of_noise_have_no_cause() {
    let mut wrong = Vec::new();
    for noise in KINDS {
        for seed in 21..27 {
            let v = investigate(&short(noise, seed, 600), &Settings::default());
            if v.verdict == Outcome::Cause {
                wrong.push(format!("{noise:?} {seed}: {}", told(&v)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of 24\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn one_of_hundreds_of_such_series_that_truly_moves_is_found() {
    let mut wrong = Vec::new();
    for noise in [Noise::White, Noise::Held, Noise::Heavy] {
        for seed in 31..34 {
            let mut t = short(noise, seed, 600);
            // The latency of s50 is five times as long.
            for p in t.series[300].points.iter_mut().skip(11) {
                p.1 += 0.32;
            }
            let v = investigate(&t, &Settings::default());
            let first = v.hypotheses.first().map(|h| h.component.as_str());
            if first != Some("service/s50") {
                wrong.push(format!("{noise:?} {seed}: {}", told(&v)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of 9\n{}", wrong.len(), wrong.join("\n"));
}
