//! Tests of placing, routing, inhibiting and damping.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::ids::IncidentId;
use crate::policy::{InhibitRule, Policy, Service};
use crate::signal::{Report, Signal, SignalState, fingerprint};
use crate::telemetry::Labels;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("in range")
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn alert(pairs: &[(&str, &str)], policy: &Policy) -> Alert {
    let labels = labels(pairs);
    let signal = Signal {
        source: "am".into(),
        fingerprint: fingerprint("am", None, &labels),
        state: SignalState::Firing,
        labels,
        annotations: Labels::new(),
        starts_at: at(0),
        ends_at: None,
        generator_url: None,
        dedup_key: None,
    };
    let mut alert = Alert::fold(None, &signal, at(0)).0;
    alert.service = route(&alert.labels, policy);
    alert
}

fn policy() -> Policy {
    let service = |name: &str, depends_on: &[&str]| Service {
        name: name.into(),
        depends_on: depends_on.iter().map(|s| (*s).to_owned()).collect(),
        aliases: vec![format!("{name}service")],
        ..Service::default()
    };
    Policy {
        services: vec![
            service("gateway", &["checkout", "catalog"]),
            service("checkout", &["payments"]),
            service("payments", &["acquirer"]),
            service("catalog", &[]),
            service("reports", &[]),
        ],
        ..Policy::default()
    }
}

fn incident(id: &str, services: &[&str], opened: i64) -> OpenIncident {
    OpenIncident {
        id: IncidentId::new(id),
        title: "errors in checkout payment total".into(),
        services: services.iter().map(|s| (*s).to_owned()).collect(),
        labels: BTreeMap::new(),
        opened_at: at(opened),
        last_signal_at: at(opened),
        restricted: false,
    }
}

fn placed(placement: &Placement) -> Option<&str> {
    match placement {
        Placement::Attach { incident, .. } => Some(incident.as_str()),
        Placement::Open { .. } => None,
    }
}

#[test]
fn routes_by_name_alias_and_component_and_keeps_unknown_services() {
    let p = policy();
    for (pairs, expected) in [
        (vec![("service", "checkout")], Some("checkout")),
        (vec![("app", "checkoutservice")], Some("checkout")),
        (vec![("component", "service/payments")], Some("payments")),
        (vec![("job", "catalog"), ("service", "unheard-of")], Some("catalog")),
        (vec![("service", "unheard-of")], Some("unheard-of")),
        (vec![("instance", "10.0.0.1:9100")], None),
    ] {
        assert_eq!(route(&labels(&pairs), &p).as_deref(), expected, "{pairs:?}");
    }
}

#[test]
fn joins_same_service_then_neighbours_then_labels_and_says_why() {
    let p = policy();
    let open = [incident("INC-1", &["payments"], 0), incident("INC-2", &["catalog"], 5)];
    let case = |pairs: &[(&str, &str)]| place_alert(&alert(pairs, &p), &open, &p, at(10));
    assert_eq!(placed(&case(&[("alertname", "A"), ("service", "payments")])), Some("INC-1"));
    assert_eq!(
        placed(&case(&[("alertname", "A"), ("service", "checkout")])),
        Some("INC-1"),
        "one hop beats two"
    );
    assert_eq!(placed(&case(&[("alertname", "A"), ("service", "reports")])), None);
    let Placement::Attach { why, .. } = case(&[("alertname", "A"), ("service", "gateway")]) else {
        panic!("attached")
    };
    assert!(why.contains("gateway") && why.contains("hops"), "{why}");

    let mut labelled = incident("INC-3", &[], 0);
    labelled.remember(&labels(&[("alertname", "NodeDown"), ("cluster", "eu")]), &p);
    let lone = alert(&[("alertname", "NodeDown"), ("cluster", "eu"), ("instance", "n7")], &p);
    assert_eq!(placed(&place_alert(&lone, &[labelled.clone()], &p, at(10))), Some("INC-3"));
    let other = alert(&[("alertname", "DiskFull"), ("cluster", "eu")], &p);
    assert_eq!(placed(&place_alert(&other, &[labelled], &p, at(10))), None, "one common label is not enough");
}

#[test]
fn an_old_incident_takes_no_new_alerts() {
    let p = policy();
    let open = [incident("INC-1", &["checkout"], 0)];
    let late = at(p.correlation.window_s + 1);
    assert_eq!(placed(&place_alert(&alert(&[("service", "checkout")], &p), &open, &p, late)), None);
}

#[test]
fn reports_join_by_service_words_or_when_they_name_nothing_else() {
    let p = policy();
    let open = [incident("INC-1", &["checkout"], 0)];
    let case = |title: &str, services: &[&str]| {
        let report = Report {
            source: "support".into(),
            title: title.into(),
            text: String::new(),
            reporter: "ann".into(),
            at: at(3),
            service: None,
            dedup_key: None,
        };
        let services: BTreeSet<String> = services.iter().map(|s| (*s).to_owned()).collect();
        place_report(&report, &services, &open, &p, at(10))
    };
    assert_eq!(placed(&case("buying fails", &["checkout"])), Some("INC-1"));
    assert_eq!(placed(&case("payment total wrong", &["reports"])), Some("INC-1"));
    assert_eq!(placed(&case("nothing works", &[])), Some("INC-1"));
    assert_eq!(placed(&case("search is empty", &["catalog"])), None);
}

#[test]
fn inhibits_only_what_the_rule_targets_and_never_itself() {
    let p = policy();
    let rules = [InhibitRule {
        source: BTreeMap::from([("alertname".into(), "ClusterDown".into())]),
        target: BTreeMap::from([("severity".into(), "warning".into())]),
        equal: vec!["cluster".into()],
    }];
    let down = alert(&[("alertname", "ClusterDown"), ("cluster", "eu"), ("severity", "warning")], &p);
    let victim = alert(&[("alertname", "Slow"), ("cluster", "eu"), ("severity", "warning")], &p);
    let elsewhere = alert(&[("alertname", "Slow"), ("cluster", "us"), ("severity", "warning")], &p);
    let critical = alert(&[("alertname", "Slow"), ("cluster", "eu"), ("severity", "critical")], &p);
    assert_eq!(inhibitors(&rules, &victim, [&down]), vec![down.fingerprint.0.clone()]);
    for quiet in [&down, &elsewhere, &critical] {
        assert!(inhibitors(&rules, quiet, [&down]).is_empty(), "{:?}", quiet.labels);
    }
    let mut over = down.clone();
    over.firing = false;
    assert!(inhibitors(&rules, &victim, [&over]).is_empty());
}

#[test]
fn damps_an_alert_that_turns_too_often() {
    let p = policy();
    let mut flappy = alert(&[("alertname", "A")], &p);
    flappy.turns = (0..p.correlation.flap_turns as i64).map(|n| at(n * 10)).collect();
    assert!(is_flapping(&flappy, &p.correlation, at(60)));
    let later = at(60).checked_add(SignedDuration::from_secs(p.correlation.flap_window_s)).expect("in range");
    assert!(!is_flapping(&flappy, &p.correlation, later));
}
