//! Five-minute metrics of a system of calls, with a fault at each component in turn: latency and failures travel up the
//! calls by the share of requests that go through the culprit, as callers' averages do.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::{MetricKind, Series, Telemetry, TopologyEdge, Window};
use firebell_core::verdict::{Outcome, Verdict};
use jiff::Timestamp;

use super::company::Rng;
use crate::{Settings, investigate, names};

const STEP: i64 = 300_000;
const NORMAL: usize = 160;
const INSIDE: usize = 5;
const START: i64 = 1_700_000_100_000;

/// Caller, callee, calls for each of the caller's requests.
const CALLS: [(&str, &str, f64); 17] = [
    ("shopfront", "Finder_AWS::ECS::Fargate", 1.4),
    ("shopfront", "finde-lb-1.example.com_remote", 0.1),
    ("shopfront", "payer_AWS::ECS::Container", 0.25),
    ("shopfront", "lister_AWS::ECS::Fargate", 0.3),
    ("shopfront", "Topic_AWS::SNS", 0.2),
    ("shopfront", "StateMachine_AWS::StepFunctions", 0.06),
    ("Finder_AWS::ECS::Fargate", "Items_AWS::DynamoDB::Table", 1.1),
    ("Finder_AWS::ECS::Fargate", "Parameters_AWS::SSM", 0.1),
    ("payer_AWS::ECS::Container", "Stage/prod_AWS::ApiGateway::Stage", 0.9),
    ("payer_AWS::ECS::Container", "orders@db.example.com_Database::SQL", 1.3),
    ("payer_AWS::ECS::Container", "bank.example.com_remote", 0.9),
    ("lister_AWS::ECS::Fargate", "Finder_AWS::ECS::Fargate", 0.8),
    ("lister_AWS::ECS::Fargate", "Query_remote", 0.8),
    ("Stage/prod_AWS::ApiGateway::Stage", "updater_AWS::Lambda", 1.0),
    ("updater_AWS::Lambda", "updater_AWS::Lambda::Function", 1.0),
    ("updater_AWS::Lambda::Function", "Items_AWS::DynamoDB::Table", 1.0),
    ("StateMachine_AWS::StepFunctions", "worker_AWS::Lambda", 1.0),
];

/// What only shows a part of another component's traffic from its caller's side.
const VIEW: (&str, &str) = ("finde-lb-1.example.com_remote", "Finder_AWS::ECS::Fargate");

#[derive(Clone, Copy, Debug, PartialEq)]
enum Harm {
    Slow,
    Failing,
}

struct System {
    requests: BTreeMap<&'static str, f64>,
    latency: BTreeMap<&'static str, f64>,
}

impl System {
    fn new() -> Self {
        let mut requests = BTreeMap::from([("shopfront", 1.0)]);
        // The list is ordered from callers to callees but for one edge; two passes settle it.
        for _ in 0..4 {
            let mut next: BTreeMap<&str, f64> = BTreeMap::from([("shopfront", 1.0)]);
            for (caller, callee, share) in CALLS {
                let n = requests.get(caller).copied().unwrap_or(0.0) * share;
                *next.entry(callee).or_default() += n;
            }
            requests = next;
        }
        let latency = requests
            .keys()
            .enumerate()
            .map(|(i, c)| (*c, [0.006, 0.02, 0.05, 0.09, 0.3][i * 7 % 5] * (1.0 + i as f64 / 20.0)))
            .chain([("shopfront", 0.09)])
            .collect();
        Self { requests, latency }
    }

    /// Harm for each request of each component if the entry's requests suffer one unit each.
    fn spread(&self, culprit: &'static str, rng: &mut Rng) -> Option<BTreeMap<&'static str, f64>> {
        let mut volume: BTreeMap<&str, f64> = BTreeMap::from([(culprit, 1.0)]);
        let mut front = vec![culprit];
        let mut seen = BTreeSet::from([culprit]);
        while let Some(at) = front.pop() {
            let here = volume.get(at).copied().unwrap_or(0.0);
            let callers: Vec<_> = CALLS.iter().filter(|c| c.1 == at).collect();
            let all: f64 = callers.iter().map(|c| self.requests[c.0] * c.2).sum();
            for (caller, _, share) in callers {
                let passed = here * self.requests[caller] * share / all * (0.85 + 0.25 * rng.next());
                *volume.entry(caller).or_default() += passed;
                if seen.insert(caller) {
                    front.insert(0, caller);
                }
            }
        }
        let entry = *volume.get("shopfront")?;
        let mut each: BTreeMap<&str, f64> =
            volume.iter().map(|(c, v)| (*c, v / entry / self.requests[c])).collect();
        if culprit == VIEW.1 {
            let there = each[VIEW.1];
            each.insert(VIEW.0, there * (0.8 + 1.7 * rng.next()));
        }
        Some(each)
    }
}

/// Telemetry with a fault at `culprit`; none if it has too little traffic for the entry to suffer so much.
fn incident(
    seed: u64,
    traffic: f64,
    culprit: Option<&'static str>,
    harm: Harm,
    normal: bool,
) -> Option<Telemetry> {
    let mut rng = Rng::new(seed);
    for _ in 0..7 {
        rng.next();
    }
    let system = System::new();
    let each = match culprit {
        Some(c) => system.spread(c, &mut rng)?,
        None => BTreeMap::new(),
    };
    let size = match harm {
        Harm::Slow => 0.09 * (0.25 + 0.4 * rng.next()),
        Harm::Failing => 0.02 + 0.04 * rng.next(),
    };
    let shape = [0.0, [0.0, 0.3, 0.7][rng.below(3)], 1.0, 0.5 + 0.5 * rng.next(), 0.1 * rng.next()];
    let worst = culprit.map_or(0.0, |c| each[c] * size);
    let enough = match harm {
        Harm::Slow => worst < 15.0,
        Harm::Failing => worst < 0.9,
    };
    let least = culprit.map_or(1e9, |c| system.requests[c] * traffic);
    if !enough || least < 3.0 {
        return None;
    }
    let mut rows: BTreeMap<(&str, &str), Vec<(i64, f64)>> = BTreeMap::new();
    let count = if normal { NORMAL } else { 0 };
    for i in 0..count + INSIDE {
        let at = START + i as i64 * STEP;
        let ill = if i >= count { shape[i - count] } else { 0.0 };
        let busy = traffic * (0.95 + 0.1 * rng.next());
        for (c, share) in &system.requests {
            let mean = busy * share;
            let n = (mean + mean.sqrt() * normal_of(&mut rng)).max(0.0).round();
            let suffered = each.get(c).copied().unwrap_or(0.0) * size * ill;
            let mut y = system.latency[c] * (1.0 + (0.03 + 0.5 / n.max(1.0).sqrt()) * normal_of(&mut rng));
            let mut bad = if rng.next() < 0.1 { 1.0 } else { 0.0 };
            match harm {
                Harm::Slow => y += suffered,
                Harm::Failing => {
                    bad += (n * suffered + (n * suffered).sqrt() * normal_of(&mut rng)).max(0.0).round()
                }
            }
            rows.entry(("requests_Sum", c)).or_default().push((at, n));
            if n > 0.0 {
                rows.entry(("latency_Average", c)).or_default().push((at, y.max(1e-4)));
                rows.entry(("availability_Average", c))
                    .or_default()
                    .push((at, 100.0 * (1.0 - (bad / n).min(1.0))));
            }
        }
    }
    let time = |ms: i64| Timestamp::from_millisecond(ms).expect("time");
    let first = START + count as i64 * STEP;
    let series = rows
        .into_iter()
        .flat_map(|((name, component), points)| {
            let labels = BTreeMap::from([("component".to_owned(), component.to_owned())]);
            let make = move |source: &str, points: Vec<(i64, f64)>| Series {
                source: source.to_owned(),
                name: name.to_owned(),
                labels: labels.clone(),
                component: None,
                kind: MetricKind::Gauge,
                points,
            };
            let (before, inside): (Vec<_>, Vec<_>) = points.into_iter().partition(|p| p.0 < first);
            [make("../normal/metrics/n.csv", before), make("metrics/i.csv", inside)]
        })
        .filter(|s| !s.points.is_empty())
        .collect();
    let word = if harm == Harm::Slow { "latency" } else { "availability" };
    Some(Telemetry {
        report: if culprit.is_some() {
            format!("{word} objective of shopfront violated")
        } else {
            String::new()
        },
        window: Some(Window { start: time(first), end: time(first + (INSIDE as i64 - 1) * STEP) }),
        series,
        topology: CALLS
            .iter()
            .map(|(a, b, _)| TopologyEdge {
                caller: (*a).to_owned(),
                callee: (*b).to_owned(),
                kind: String::new(),
            })
            .collect(),
        ..Telemetry::default()
    })
}

/// About normal, mean 0 and deviation 1.
fn normal_of(rng: &mut Rng) -> f64 {
    (0..6).map(|_| rng.next()).sum::<f64>() * std::f64::consts::SQRT_2 - 3.0 * std::f64::consts::SQRT_2
}

fn place(v: &Verdict, culprit: &str) -> Option<usize> {
    v.hypotheses.iter().position(|h| names::same(&h.component, culprit))
}

fn check(normal: bool, top1: f64, top3: f64) {
    let culprits: BTreeSet<&str> = CALLS.iter().map(|c| c.1).collect();
    let (mut runs, mut first, mut three, mut wrong) = (0, 0, 0, Vec::new());
    for (n, culprit) in culprits.into_iter().enumerate() {
        for (k, harm) in [Harm::Slow, Harm::Failing].into_iter().enumerate() {
            for seed in 1..=2u64 {
                let traffic = if seed == 1 { 700.0 } else { 230.0 };
                let seed = seed * 1000 + (n * 2 + k) as u64;
                let Some(t) = incident(seed, traffic, Some(culprit), harm, normal) else { continue };
                let v = investigate(&t, &Settings::default());
                let at = place(&v, culprit);
                runs += 1;
                first += usize::from(at == Some(0));
                three += usize::from(at.is_some_and(|p| p < 3));
                if at != Some(0) {
                    let said = v.hypotheses.first().map_or("nothing", |h| h.component.as_str());
                    wrong.push(format!("{culprit} {harm:?} {traffic}: place {at:?}, said {said}"));
                }
            }
        }
    }
    let share = |n: usize| n as f64 / runs as f64;
    assert!(runs > 40, "{runs}");
    assert!(
        share(first) >= top1 && share(three) >= top3,
        "top-1 {:.2}, top-3 {:.2} of {runs}:\n{}",
        share(first),
        share(three),
        wrong.join("\n")
    );
}

#[test]
fn the_component_that_accounts_for_the_harm_is_found_wherever_it_is() {
    check(true, 0.85, 0.95);
}

#[test]
fn it_is_found_without_a_normal_period_too() {
    check(false, 0.85, 0.95);
}

#[test]
fn five_points_of_noise_are_no_cause() {
    for seed in 1..=4 {
        let t = incident(seed, 700.0, None, Harm::Slow, true).expect("telemetry");
        let v = investigate(&t, &Settings::default());
        assert!(v.verdict != Outcome::Cause, "{:?}", v.hypotheses.first());
    }
}

/// Without the requests of the culprit its volume is not known, and its callers' harm looks like their own.
#[test]
fn where_the_requests_of_who_may_be_the_cause_are_not_counted_nobody_else_is_blamed_for_sure() {
    let (mut told, mut wrong) = (0, Vec::new());
    for (culprit, harm) in [
        ("Finder_AWS::ECS::Fargate", Harm::Slow),
        ("Finder_AWS::ECS::Fargate", Harm::Failing),
        ("payer_AWS::ECS::Container", Harm::Slow),
        ("lister_AWS::ECS::Fargate", Harm::Failing),
    ] {
        for seed in 1..=3 {
            let Some(mut t) = incident(seed, 700.0, Some(culprit), harm, true) else { continue };
            t.series.retain(|s| s.name != "requests_Sum" || s.labels["component"] != culprit);
            let v = investigate(&t, &Settings::default());
            let Some(first) = v.hypotheses.first().filter(|_| v.verdict == Outcome::Cause) else { continue };
            told += usize::from(v.gaps.iter().any(|g| g.contains("are not counted")));
            if !names::same(&first.component, culprit) && first.confidence >= 0.7 {
                wrong.push(format!("{culprit} {harm:?} {seed}: {} {}", first.component, first.confidence));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(told > 0);
}

#[test]
fn where_few_samples_are_missing_in_part_the_answer_is_not_sure() {
    let mut t = incident(1, 700.0, Some("Finder_AWS::ECS::Fargate"), Harm::Slow, true).expect("telemetry");
    let whole = t.clone();
    let sure = investigate(&t, &Settings::default());
    for (i, s) in t.series.iter_mut().filter(|s| s.source.starts_with("metrics")).enumerate() {
        // One of five, another one each time.
        s.points.remove(i % s.points.len());
        if i % 3 == 0 {
            s.points.remove(0);
        }
    }
    let v = investigate(&t, &Settings::default());
    // The onset is said to lie between two samples: none of them is missing for that.
    let mut between = whole.clone();
    for s in between.series.iter_mut().filter(|s| s.source.starts_with("metrics")) {
        s.points.iter_mut().for_each(|p| p.0 += STEP / 3);
    }
    let sure_too = investigate(&between, &Settings::default());
    assert!(!sure_too.gaps.iter().any(|g| g.contains("samples are missing")), "{:?}", sure_too.gaps);
    assert!(!sure.gaps.iter().any(|g| g.contains("samples are missing")), "{:?}", sure.gaps);
    assert_eq!(v.verdict, Outcome::Cause);
    assert!(v.gaps.iter().any(|g| g.contains("samples are missing")), "{:?}", v.gaps);
    assert!(v.hypotheses[0].confidence <= 0.68, "{}", v.hypotheses[0].confidence);
}
