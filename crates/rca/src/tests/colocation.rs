//! Components that are ill because they share a machine, and paths whose steps hold.

use firebell_core::telemetry::{Labels, MetricKind, Series, Telemetry, TopologyEdge};
use firebell_core::verdict::{Absence, Outcome};

use super::company::Rng;
use super::noise::{normal, told};
use crate::{Settings, investigate, reevaluate};

const START: i64 = 1_767_600_000_000;
const STEP: i64 = 15_000;
const CALM: i64 = 100;
const ILL: i64 = 40;

/// Which service runs where. They do not call each other; the edge calls all of them.
const PLACES: [(&str, &str); 8] = [
    ("cart", "n1"),
    ("search", "n1"),
    ("mail", "n1"),
    ("batch", "n1"),
    ("billing", "n2"),
    ("users", "n2"),
    ("stock", "n3"),
    ("reports", "n3"),
];

#[derive(Clone, Copy)]
enum Told {
    Topology,
    Label,
}

struct Fault {
    slow: &'static [&'static str],
    /// How many times its usual processor time the machine uses.
    machine: Option<(&'static str, f64)>,
    greedy: Option<&'static str>,
}

fn telemetry(seed: u64, how: Told, fault: &Fault) -> Telemetry {
    let mut rng = Rng::new(seed);
    let mut t = Telemetry::default();
    let push = |t: &mut Telemetry, name: &str, labels: &[(&str, &str)], points| {
        t.series.push(Series {
            source: "metrics/m.csv".into(),
            name: name.into(),
            labels: labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Labels>(),
            component: None,
            kind: MetricKind::Gauge,
            points,
        });
    };
    let mut make = |usual: f64, noise: f64, factor: f64, from: i64| -> Vec<(i64, f64)> {
        (0..CALM + ILL)
            .map(|i| {
                let ill = if i >= from { factor } else { 1.0 };
                (START + i * STEP, usual * ill * (1.0 + noise * normal(&mut rng)).max(0.05))
            })
            .collect()
    };
    for (service, node) in PLACES {
        let slow = if fault.slow.contains(&service) { 3.0 } else { 1.0 };
        let greedy = if fault.greedy == Some(service) { 9.0 } else { 1.0 };
        let labels: Vec<(&str, &str)> = match how {
            Told::Label => vec![("service", service), ("node", node)],
            Told::Topology => vec![("service", service)],
        };
        // What only runs in the background answers nobody.
        if service != "batch" {
            push(&mut t, "latency_seconds", &labels, make(0.08, 0.08, slow, CALM));
        }
        push(&mut t, "cpu_usage", &labels, make(0.3, 0.1, greedy, CALM));
        if matches!(how, Told::Topology) {
            let row = |caller: String, callee: String, kind: &str| TopologyEdge {
                caller,
                callee,
                kind: kind.into(),
            };
            t.topology.push(row(format!("service/{service}"), format!("node/{node}"), "runs_on"));
            if service != "batch" {
                t.topology.push(row("gateway/edge".into(), format!("service/{service}"), "http"));
            }
        }
    }
    for node in ["n1", "n2", "n3"] {
        let factor = fault.machine.filter(|m| m.0 == node).map_or(1.0, |m| m.1);
        push(&mut t, "node_load1", &[("node", node)], make(0.6, 0.12, factor, CALM));
        push(&mut t, "node_cpu_usage", &[("node", node)], make(0.5, 0.12, factor, CALM));
    }
    t
}

#[test]
fn residents_that_are_ill_together_name_their_machine_and_the_neighbour() {
    let mut wrong = Vec::new();
    for how in [Told::Topology, Told::Label] {
        for seed in 1..=4 {
            // The machine itself hardly moves: a third more.
            let fault = Fault {
                slow: &["cart", "search", "mail"],
                machine: Some(("n1", 1.45)),
                greedy: (seed % 2 == 0).then_some("batch"),
            };
            let v = investigate(&telemetry(seed, how, &fault), &Settings::default());
            let first = v.hypotheses.first();
            let right = first.is_some_and(|h| h.component == "node/n1" && h.cause == "saturation.cpu");
            let named = seed % 2 == 1 || first.is_some_and(|h| h.mechanism.contains("service/batch on it"));
            if v.verdict != Outcome::Cause || !right || !named {
                wrong.push(format!("{seed}: {}", told(&v)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of 8\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn one_ill_resident_or_illness_everywhere_does_not_blame_a_machine() {
    let everywhere: &[&str] = &["cart", "search", "mail", "billing", "users", "stock", "reports"];
    for (slow, machine) in
        [(&["cart"][..], None), (everywhere, None), (&["cart", "billing", "stock"][..], None)]
    {
        for seed in 1..=3 {
            let v = investigate(
                &telemetry(seed, Told::Topology, &Fault { slow, machine, greedy: None }),
                &Settings::default(),
            );
            let blamed = v.hypotheses.first().is_some_and(|h| h.component.starts_with("node/"));
            assert!(!blamed, "{slow:?} {seed}: {}", told(&v));
        }
    }
}

/// A calls B calls C, each slow from its own moment on.
fn chain(seed: u64, begins: [i64; 3]) -> Telemetry {
    let mut rng = Rng::new(seed);
    let mut t = Telemetry::default();
    for ((service, from), slow) in ["a", "b", "c"].iter().zip(begins).zip([0.4, 0.45, 0.5]) {
        for (name, usual, more) in
            [("latency_seconds", 0.05, slow), ("cpu_usage", 0.3, if *service == "c" { 2.5 } else { 0.0 })]
        {
            t.series.push(Series {
                source: "metrics/m.csv".into(),
                name: name.into(),
                labels: Labels::from([("service".into(), format!("svc-{service}"))]),
                component: None,
                kind: MetricKind::Gauge,
                points: (0..200)
                    .map(|i| {
                        let v = usual + if i >= from { more } else { 0.0 };
                        (START + i * STEP, v * (1.0 + 0.06 * normal(&mut rng)))
                    })
                    .collect(),
            });
        }
    }
    let row = |a: &str, b: &str| TopologyEdge { caller: a.into(), callee: b.into(), kind: "http".into() };
    t.topology = vec![row("svc-a", "svc-b"), row("svc-b", "svc-c")];
    t
}

#[test]
fn steps_of_the_path_follow_calls_and_time_and_what_does_not_is_told() {
    for seed in 1..=4 {
        let v = investigate(&chain(seed, [130, 130, 130]), &Settings::default());
        let first = &v.hypotheses[0];
        assert_eq!(first.component, "service/svc-c", "{}", told(&v));
        let way: Vec<&str> = first.path.iter().map(|s| s.to.as_str()).collect();
        assert_eq!(way, ["service/svc-b", "service/svc-a"], "{}", told(&v));
        // The caller was ill three minutes before what it calls: its harm came another way.
        let t = chain(seed, [138, 150, 150]);
        let v = investigate(&t, &Settings::default());
        let h = v.hypotheses.iter().find(|h| h.component == "service/svc-c").expect("a hypothesis");
        let way: Vec<&str> = h.path.iter().map(|s| s.to.as_str()).collect();
        assert_eq!(way, ["service/svc-b"], "{}", told(&v));
        // The edge that is not claimed is told, with both its ends and the time between, and with what shows that.
        let refused: Vec<&Absence> =
            h.expected_but_absent.iter().filter(|a| a.claim.contains("harm is not claimed")).collect();
        let [edge] = refused[..] else { panic!("{:?}", h.expected_but_absent) };
        assert!(edge.claim.starts_with("service/svc-a calls service/svc-b, and was ill "), "{}", edge.claim);
        let seconds = edge.claim.split(" ill ").nth(1).and_then(|t| t.split(' ').next()?.parse::<i64>().ok());
        assert!(seconds.is_some_and(|s| (s - 180).abs() <= 30), "{}", edge.claim);
        let shows = |place: &str| edge.evidence.iter().any(|e| e.query.contains(place));
        assert!(shows("svc-a") && shows("svc-b"), "{:?}", edge.evidence);
        for e in &edge.evidence {
            assert_eq!(reevaluate(&t, e).as_ref(), Some(&e.sha256), "{}", e.query);
        }
        // Where the edge holds, nothing is told of it.
        let t = chain(seed, [150, 150, 150]);
        let v = investigate(&t, &Settings::default());
        let claims = v.hypotheses.iter().flat_map(|h| &h.expected_but_absent);
        assert!(claims.map(|a| &a.claim).all(|c| !c.contains("harm is not claimed")), "{}", told(&v));
    }
}
