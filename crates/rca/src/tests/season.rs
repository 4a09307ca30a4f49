//! What comes back each day is no fault, a fault at the time of the daily peak is one, and missing samples are no zeros.

use firebell_core::telemetry::{Labels, MetricKind, Series, Telemetry, Window};
use firebell_core::verdict::Outcome;
use jiff::Timestamp;

use super::company::Rng;
use super::noise::{normal, poisson, told};
use crate::{Settings, investigate};

const MINUTE: i64 = 60_000;
const DAY: i64 = 1_440 * MINUTE;
/// A midnight.
const START: i64 = 1_700_006_400_000;
const SERVICES: [&str; 5] = ["web", "cart", "search", "billing", "mail"];

/// How busy it is at a time of day, 0 to 1: quiet nights, a peak of an hour and a half at noon.
fn busy(at: i64) -> f64 {
    let hour = (at - START).rem_euclid(DAY) as f64 / 3_600_000.0;
    let day = 0.35 - 0.3 * ((hour - 3.0) / 24.0 * std::f64::consts::TAU).cos();
    let peak = 0.9 * (-((hour - 12.75) / 0.6).powi(4)).exp();
    (day + peak).max(0.02)
}

struct Plan {
    /// Five-minute samples of so many days before the window.
    days: i64,
    /// Beginning of the window in the day, hours, and its length.
    window: (f64, f64),
    /// Extra seconds of cart's answers in the last hour.
    slow: f64,
    /// Share of samples that are missing.
    missing: f64,
    /// Whether the window is said, or all is one recording.
    said: bool,
}

fn week(seed: u64, plan: &Plan) -> Telemetry {
    let mut rng = Rng::new(seed);
    let step = 5 * MINUTE;
    let start = START + plan.days * DAY + (plan.window.0 * 3_600_000.0) as i64;
    let end = start + (plan.window.1 * 3_600_000.0) as i64;
    let mut series = Vec::new();
    for (i, service) in SERVICES.iter().enumerate() {
        let size = 1.0 + i as f64;
        for (name, _) in [("requests", 0), ("latency_seconds", 1), ("cpu_usage", 2), ("errors_total", 3)] {
            let mut total = 0.0;
            let mut points = Vec::new();
            let mut at = START;
            while at <= end {
                let load = busy(at) * (1.0 + 0.04 * normal(&mut rng));
                let ill = *service == "cart" && at > end - 3_600_000;
                let slow = if ill { plan.slow } else { 0.0 };
                let value = match name {
                    "requests" => poisson(&mut rng, 900.0 * size * load),
                    "latency_seconds" => 0.04 + 0.11 * load * load + slow + 0.004 * normal(&mut rng).abs(),
                    "cpu_usage" => 0.1 + 1.4 * load + 0.02 * normal(&mut rng),
                    _ => {
                        total += poisson(&mut rng, 0.4 * size * load);
                        total
                    }
                };
                let lost = rng.next() < plan.missing;
                if !lost {
                    points.push((at, value));
                }
                at += step;
            }
            series.push(Series {
                source: "metrics/week.csv".into(),
                name: name.into(),
                labels: Labels::from([("service".into(), (*service).to_owned())]),
                component: None,
                kind: if name == "errors_total" { MetricKind::Counter } else { MetricKind::Gauge },
                points,
            });
        }
    }
    let time = |ms| Timestamp::from_millisecond(ms).expect("in range");
    Telemetry {
        window: plan.said.then(|| Window { start: time(start), end: time(end) }),
        series,
        ..Telemetry::default()
    }
}

#[test]
fn a_daily_peak_is_no_fault() {
    let mut wrong = Vec::new();
    for seed in 1..=3 {
        for (days, said, missing) in [(3, true, 0.0), (3, true, 0.3), (2, true, 0.0), (4, false, 0.0)] {
            let plan = Plan { days, window: (11.0, 2.2), slow: 0.0, missing, said };
            let v = investigate(&week(seed, &plan), &Settings::default());
            if v.verdict != Outcome::Healthy {
                wrong.push(format!("{seed} {days} days, said {said}, missing {missing}: {}", told(&v)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of 12\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_fault_at_the_daily_peak_is_found() {
    let mut wrong = Vec::new();
    for seed in 1..=3 {
        for (days, said, missing) in [(3, true, 0.0), (3, true, 0.3), (4, false, 0.0), (4, false, 0.3)] {
            let plan = Plan { days, window: (11.0, 2.2), slow: 0.12, missing, said };
            let v = investigate(&week(seed, &plan), &Settings::default());
            let first = v.hypotheses.first();
            let right =
                first.is_some_and(|h| h.component == "service/cart" && h.mechanism.contains("cycle of 24 h"));
            // One series alone need not settle it; it must be what is looked at first.
            if !matches!(v.verdict, Outcome::Cause | Outcome::InsufficientEvidence) || !right {
                wrong.push(format!("{seed} {days} days, said {said}, missing {missing}: {}", told(&v)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of 12\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_job_of_every_ten_minutes_is_no_fault_and_one_that_never_ends_is() {
    let run = |seed: u64, stuck: bool| {
        let mut rng = Rng::new(seed);
        let mut t = Telemetry::default();
        for service in SERVICES {
            for (name, usual, busy) in [("cpu_usage", 0.3, 0.9), ("latency_seconds", 0.05, 0.06)] {
                let points = (0..480i64)
                    .map(|i| {
                        let at = START + i * 15_000;
                        let on = service == "mail" && (i % 40 < 8 || (stuck && i > 440));
                        let more = if on { busy } else { 0.0 };
                        (at, (usual + more) * (1.0 + 0.05 * normal(&mut rng)))
                    })
                    .collect();
                t.series.push(Series {
                    source: "metrics/m.csv".into(),
                    name: name.into(),
                    labels: Labels::from([("service".into(), service.to_owned())]),
                    component: None,
                    kind: MetricKind::Gauge,
                    points,
                });
            }
        }
        t.window = Some(Window {
            start: Timestamp::from_millisecond(START + 438 * 15_000).expect("in range"),
            end: Timestamp::from_millisecond(START + if stuck { 480 } else { 449 } * 15_000)
                .expect("in range"),
        });
        for s in &mut t.series {
            s.points.retain(|p| stuck || p.0 <= START + 449 * 15_000);
        }
        investigate(&t, &Settings::default())
    };
    for seed in 1..=4 {
        let calm = run(seed, false);
        assert!(calm.verdict != Outcome::Cause, "{seed}: {}", told(&calm));
        let stuck = run(seed, true);
        let first = stuck.hypotheses.first().map(|h| h.component.as_str());
        assert_eq!(
            (stuck.verdict, first),
            (Outcome::Cause, Some("service/mail")),
            "{seed}: {}",
            told(&stuck)
        );
    }
}
