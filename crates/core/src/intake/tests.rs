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
        group_key: None,
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
        groups: BTreeSet::new(),
        opened_at: at(opened),
        last_signal_at: at(opened),
        restricted: false,
        felt: false,
        mended_at: None,
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
    labelled.remember(&labels(&[("alertname", "NodeDown"), ("cluster", "eu")]), None, &p);
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

fn report(title: &str) -> Report {
    Report {
        source: "support".into(),
        title: title.into(),
        text: String::new(),
        reporter: "ann".into(),
        at: at(3),
        service: None,
        dedup_key: None,
    }
}

#[test]
fn reports_join_by_service_or_words_or_what_many_feel_or_where_they_say_nothing_at_all() {
    let p = policy();
    let mut open = [incident("INC-1", &["checkout"], 0)];
    let case = |open: &[OpenIncident], title: &str, services: &[&str]| {
        let report = report(title);
        let services: BTreeSet<String> = services.iter().map(|s| (*s).to_owned()).collect();
        place_report(&report, &services, open, &p, at(10))
    };
    assert_eq!(placed(&case(&open, "buying fails", &["checkout"])), Some("INC-1"));
    assert_eq!(placed(&case(&open, "payment total wrong", &["reports"])), Some("INC-1"));
    assert_eq!(
        placed(&case(&open, "Checkout hangs", &[])),
        Some("INC-1"),
        "named, though not in the catalogue"
    );
    assert_eq!(placed(&case(&open, "help!!", &[])), Some("INC-1"));
    assert_eq!(placed(&case(&open, "Badge printer in the lobby is jammed", &[])), None);
    assert_eq!(placed(&case(&open, "search is empty", &["catalog"])), None);
    let vague = "The site shows an error. It says that something went wrong, trying again does not help.";
    assert_eq!(placed(&case(&open, vague, &[])), None, "few feel that one");
    open[0].felt = true;
    for vague in [vague, "Everything is so slow today", "I cannot pay"] {
        assert_eq!(placed(&case(&open, vague, &[])), Some("INC-1"), "{vague}");
    }
    // Some tell of it when it is mended already; much later it is something else.
    open[0].mended_at = Some(at(5));
    assert_eq!(placed(&case(&open, vague, &[])), Some("INC-1"));
    open[0].mended_at = Some(at(10 - policy().correlation.late_s - 1));
    assert_eq!(placed(&case(&open, vague, &[])), None);
    open[0].mended_at = None;
    assert_eq!(placed(&case(&open, "Badge printer in the lobby is jammed", &[])), None);
    assert_eq!(placed(&case(&open, "search shows an error", &["catalog"])), None, "it names another service");
}

#[test]
fn a_complaint_of_what_is_certainly_elsewhere_joins_nothing_that_many_feel() {
    let mut p = policy();
    let mut open = [incident("INC-1", &["checkout"], 0)];
    open[0].felt = true;
    let case = |p: &Policy, text: &str| {
        let report = report(text);
        let services = named_services(&report, p);
        placed(&place_report(&report, &services, &open, p, at(10))).map(str::to_owned)
    };
    for elsewhere in [
        "The badge printer in the lobby shows an error",
        "Coffee machine on floor 3: error 12, nothing works",
        "Our office wifi is so slow today",
        "The VPN keeps showing an error",
        "The staging environment shows an error",
        "The internal wiki is slow",
        "The catalog shows an error",
        "catalogservice is slow",
    ] {
        assert_eq!(case(&p, elsewhere), None, "{elsewhere}");
    }
    for felt in [
        "The site shows an error, on the office wifi and over the VPN alike",
        "I cannot pay, without the VPN neither",
        "I switched wifi and everything is still slow",
        "The page with my basket shows an error",
        "Card reader page of the shop shows an error",
        "The checkout and the printer both show an error",
    ] {
        assert_eq!(case(&p, felt).as_deref(), Some("INC-1"), "{felt}");
    }
    // Who runs printers for customers has them in the catalogue.
    p.services.push(Service { name: "printer-api".into(), ..Service::default() });
    assert_eq!(case(&p, "My printer shows an error").as_deref(), Some("INC-1"));
}

#[test]
fn a_report_names_services_by_their_words() {
    let mut p = policy();
    p.services.push(Service {
        name: "card-issuing".into(),
        aliases: vec!["shop/cards".into()],
        ..Service::default()
    });
    let named = |text: &str| Vec::from_iter(named_services(&report(text), &p));
    for text in ["card-issuing fails", "Card issuing fails", "the shop/cards page", "our SHOP CARDS are slow"]
    {
        assert_eq!(named(text), ["card-issuing"], "{text}");
    }
    assert_eq!(named("checkoutservice hangs, and so do payments"), ["checkout", "payments"]);
    for text in ["recheckout", "cards of the shop", ""] {
        assert!(named(text).is_empty(), "{text}");
    }
    let mut by_field = report("it hangs");
    by_field.service = Some("unheard-of".into());
    assert_eq!(Vec::from_iter(named_services(&by_field, &p)), ["unheard-of"]);
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

/// Opens or attaches each alert in turn, as the engine does; how many incidents there are.
fn incidents_of(alerts: &[Alert], p: &Policy) -> usize {
    let mut open: Vec<OpenIncident> = Vec::new();
    for (n, alert) in alerts.iter().enumerate() {
        let placement = place_alert(alert, &open, p, at(n as i64));
        let id = placed(&placement).map(str::to_owned);
        let known = id.and_then(|id| open.iter_mut().find(|i| i.id.as_str() == id));
        let joined = match known {
            Some(joined) => joined,
            None => {
                open.push(incident(&format!("INC-{n}"), &[], n as i64));
                open.last_mut().expect("just pushed")
            }
        };
        joined.services.extend(alert.service.clone());
        joined.remember(&alert.labels, alert.group_key.as_deref(), p);
    }
    open.len()
}

#[test]
fn alerts_of_one_machine_are_one_incident() {
    let p = policy();
    let names = ["HostOutOfMemory", "HostHighCpuLoad", "HostDiskFull", "KubeNodeNotReady", "HostOOMKill"];
    let on = |label: &str, value: &str, more: &[(&str, &str)]| -> Vec<Alert> {
        names
            .iter()
            .map(|name| {
                let mut pairs = vec![("alertname", *name), ("severity", "critical"), (label, value)];
                pairs.extend_from_slice(more);
                alert(&pairs, &p)
            })
            .collect()
    };
    for label in ["instance", "node", "host", "pod"] {
        assert_eq!(incidents_of(&on(label, "10.0.0.7:9100", &[("job", "node")]), &p), 1, "{label}");
    }
    // An exporter that speaks for others is no machine that they share.
    assert_eq!(incidents_of(&on("instance", "10.0.0.9:8080", &[("job", "kube-state-metrics")]), &p), 5);
    let two_clusters = [("cluster", "eu"), ("cluster", "us")].map(|c| {
        alert(&[("alertname", "HostDiskFull"), ("instance", "10.0.0.7:9100"), ("service", c.1), c], &p)
    });
    assert_eq!(incidents_of(&two_clusters, &p), 2, "the same address in another cluster");
}

#[test]
fn a_shared_place_alone_makes_no_common_cause() {
    let p = policy();
    let place = [("cluster", "prod"), ("namespace", "default")];
    let with = |pairs: &[(&'static str, &'static str)]| {
        let mut all = place.to_vec();
        all.extend_from_slice(pairs);
        alert(&all, &p)
    };
    let blog = with(&[("alertname", "CertExpiry"), ("service", "blog")]);
    let train = with(&[("alertname", "GpuHot"), ("service", "ml-train")]);
    assert_eq!(incidents_of(&[blog.clone(), train], &p), 2);
    let nameless = [with(&[("alertname", "QuotaExceeded")]), with(&[("alertname", "VolumeFull")])];
    assert_eq!(incidents_of(&nameless, &p), 1, "neither has a service");
    let same_name = with(&[("alertname", "CertExpiry"), ("service", "shop")]);
    assert_eq!(incidents_of(&[blog, same_name], &p), 1, "the same alert in the same place");
}

#[test]
fn alerts_that_their_sender_grouped_are_one_incident() {
    let p = policy();
    let mut one = alert(&[("alertname", "QueueFull"), ("service", "orders")], &p);
    let mut two = alert(&[("alertname", "ConsumerDown"), ("service", "mailer")], &p);
    assert_eq!(incidents_of(&[one.clone(), two.clone()], &p), 2);
    one.group_key = Some("{}:{queue=\"orders\"}".to_owned());
    two.group_key.clone_from(&one.group_key);
    assert_eq!(incidents_of(&[one, two], &p), 1);
}

#[test]
fn a_trial_alert_opens_nothing() {
    let p = policy();
    assert!(may_open(&alert(&[("alertname", "TestAlert")], &p), &p.correlation));
    assert!(!may_open(&alert(&[("alertname", "TestAlert"), (TRIAL_LABEL, "true")], &p), &p.correlation));
}

/// What finds open incidents by what they have in common with an alert never misses one.
#[test]
fn an_alert_finds_its_place_among_thousands_as_if_it_looked_at_all() {
    let policy = policy();
    let services = ["gateway", "checkout", "payments", "acquirer", "catalog", "reports"];
    let mut draw = 7u32;
    let mut dice = move |below: u32| {
        draw = draw.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (draw >> 8) % below
    };
    let any = move |dice: &mut dyn FnMut(u32) -> u32| {
        let mut pairs = vec![("alertname".to_owned(), format!("A{}", dice(12)))];
        for (name, below) in [("instance", 20), ("pod", 20), ("namespace", 3), ("cluster", 2), ("node", 9)] {
            if dice(2) == 0 {
                pairs.push((name.to_owned(), format!("{name}-{}", dice(below))));
            }
        }
        if dice(6) == 0 {
            pairs.push(("job".to_owned(), "kube-state-metrics".to_owned()));
        }
        if dice(3) > 0 {
            pairs.push(("service".to_owned(), services[dice(6) as usize].to_owned()));
        }
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let mut alert = alert(&pairs, &policy);
        alert.group_key = (dice(4) == 0).then(|| format!("group {}", dice(15)));
        alert
    };
    let policy = self::policy();
    let mut open = OpenIncidents::default();
    let (mut attached, mut ended) = (0, 0);
    for n in 0..600 {
        let alert = any(&mut dice);
        let now = at(i64::from(n));
        let placed = place_alert(&alert, open.near(&alert, &policy), &policy, now);
        assert_eq!(placed, place_alert(&alert, open.values(), &policy, now), "{n}: {alert:?}");
        match placed {
            Placement::Attach { incident, .. } => {
                attached += 1;
                open.change(&incident, |open| {
                    open.remember(&alert.labels, alert.group_key.as_deref(), &policy);
                    // Services come and go.
                    match &alert.service {
                        Some(service) if dice(5) > 0 => drop(open.services.insert(service.clone())),
                        Some(service) => drop(open.services.remove(service)),
                        None => {}
                    }
                });
                if dice(4) == 0 {
                    assert!(open.remove(&incident) && !open.contains(&incident));
                    ended += 1;
                }
            }
            Placement::Open { .. } => {
                let id = format!("INC-2027-{n:04}");
                let services: Vec<&str> = alert.service.as_deref().into_iter().collect();
                let mut new = incident(&id, &services, i64::from(n));
                new.remember(&alert.labels, alert.group_key.as_deref(), &policy);
                open.put(new);
            }
        }
    }
    assert!(attached > 100 && ended > 20 && open.values().next().is_some(), "{attached}, {ended}");
    let left: Vec<IncidentId> = open.ids().cloned().collect();
    assert!(left.iter().all(|id| open.remove(id)));
    let alert = any(&mut dice);
    assert_eq!(open.near(&alert, &policy).count(), 0);
}
