//! What the page counts.

mod keep;
mod record;
mod spans;

use firebell_core::ids::IncidentId;
use firebell_core::policy::{Policy, Service};
use jiff::{SignedDuration, Timestamp};

use super::board::{Board, DAYS};
use super::config::{ComponentConfig, StatusConfig};
use super::json::Parts;
use super::public::{PublicIncident, State};
use super::spans::Span;
use super::view::percent;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn now() -> Timestamp {
    at("2026-11-27T12:00:00Z")
}

fn incident(n: u32, service: &str, state: State, began: &str, well: Option<&str>) -> PublicIncident {
    PublicIncident {
        id: IncidentId::new(format!("INC-2026-{n:04}")),
        name: "errors".to_owned(),
        status: "investigating",
        impact: "major",
        state,
        services: vec![service.to_owned()],
        began_at: at(began),
        opened_at: at(began),
        monitoring_at: None,
        ended_at: well.map(|w| at(w) + SignedDuration::from_mins(10)),
        lasted: SignedDuration::ZERO,
        well_at: well.map(at),
        spans: vec![Span { from: at(began), until: well.map(at), state }],
        updates: Vec::new(),
    }
}

fn policy() -> Policy {
    let service = |name: &str, alias: &str| Service {
        name: name.to_owned(),
        aliases: vec![alias.to_owned()],
        customer_facing: true,
        ..Service::default()
    };
    Policy {
        services: vec![service("checkout", "shop/checkout"), service("search", "shop/search")],
        ..Policy::default()
    }
}

fn board(incidents: Vec<PublicIncident>) -> Board {
    Board::of(&StatusConfig::default(), &policy(), incidents, Vec::new(), now())
}

#[test]
fn without_a_list_each_service_of_the_customers_is_one_and_all_is_well() {
    let b = board(Vec::new());
    let names: Vec<&str> = b.components.iter().map(|c| c.config.name.as_str()).collect();
    assert_eq!(names, ["Checkout", "Search"]);
    assert_eq!(b.overall(), ("none", "All systems operational"));
    for c in &b.components {
        assert_eq!((c.days.len(), c.uptime, c.state), (DAYS, 1.0, State::Operational));
    }
    assert_eq!(b.components[0].days.last().map(|d| d.date.to_string()).as_deref(), Some("2026-11-27"));
}

#[test]
fn what_overlaps_counts_once_by_the_worst_and_a_partial_outage_for_three_tenths() {
    let b = board(vec![
        incident(1, "checkout", State::PartialOutage, "2026-11-20T10:00:00Z", Some("2026-11-20T12:00:00Z")),
        incident(
            2,
            "shop/checkout",
            State::MajorOutage,
            "2026-11-20T11:00:00Z",
            Some("2026-11-20T13:00:00Z"),
        ),
        incident(3, "search", State::Degraded, "2026-11-20T11:00:00Z", Some("2026-11-20T13:00:00Z")),
    ]);
    let day =
        |c: usize| b.components[c].days.iter().find(|d| d.date.to_string() == "2026-11-20").expect("there");
    let (checkout, search) = (day(0), day(1));
    assert_eq!((checkout.hurt_s, checkout.worst), (3 * 3600, State::MajorOutage));
    // One hour for three tenths, two hours whole.
    assert!((checkout.down - 2.3 / 24.0).abs() < 1e-9, "{}", checkout.down);
    assert_eq!((search.hurt_s, search.down, search.worst), (2 * 3600, 0.0, State::Degraded));
    // 89 whole days, and half of today.
    assert!((b.components[0].uptime - (1.0 - 2.3 / (89.5 * 24.0))).abs() < 1e-9);
    assert_eq!(b.components[1].uptime, 1.0);
}

#[test]
fn an_outage_over_midnight_is_split_and_one_that_goes_on_counts_until_now() {
    let b = board(vec![incident(1, "checkout", State::MajorOutage, "2026-11-26T23:00:00Z", None)]);
    let days = &b.components[0].days;
    let hours: Vec<i64> = days[DAYS - 2..].iter().map(|d| d.hurt_s / 3600).collect();
    assert_eq!(hours, [1, 12]);
    assert!((days[DAYS - 1].down - 1.0).abs() < 1e-9, "all of today so far");
    assert_eq!(b.components[0].state, State::MajorOutage);
    assert_eq!(b.overall(), ("critical", "Major system outage"));
}

#[test]
fn what_is_mended_and_watched_is_no_outage_any_more() {
    let mut watched =
        incident(1, "checkout", State::MajorOutage, "2026-11-27T10:00:00Z", Some("2026-11-27T10:30:00Z"));
    watched.ended_at = None;
    let b = board(vec![watched]);
    assert_eq!(b.components[0].state, State::Degraded);
    assert_eq!(b.components[0].days[DAYS - 1].hurt_s, 1800);
    assert_eq!((b.open.len(), b.overall().0), (1, "minor"));
}

#[test]
fn what_touches_no_component_still_goes_on() {
    let b = board(vec![incident(1, "elsewhere", State::PartialOutage, "2026-11-27T10:00:00Z", None)]);
    assert!(b.components.iter().all(|c| c.state == State::Operational));
    assert_eq!(b.overall().0, "major");
}

#[test]
fn a_component_of_several_services_feels_each_of_them() {
    let config = StatusConfig {
        components: vec![ComponentConfig {
            name: "Shop".into(),
            services: vec!["checkout".into(), "search".into()],
            ..ComponentConfig::default()
        }],
        ..StatusConfig::default()
    };
    let incidents = vec![incident(1, "search", State::PartialOutage, "2026-11-27T10:00:00Z", None)];
    let b = Board::of(&config, &policy(), incidents, Vec::new(), now());
    assert_eq!(b.components[0].state, State::PartialOutage);
}

#[test]
fn no_uptime_is_rounded_up() {
    let shown: Vec<String> = [1.0, 0.999_999, 0.5, 0.0].into_iter().map(percent).collect();
    assert_eq!(shown, ["100 %", "99.99 %", "50.00 %", "0.00 %"]);
}

#[test]
fn a_component_has_one_position_wherever_it_is_told() {
    let component = |name: &str, group: Option<&str>, service: &str| ComponentConfig {
        name: name.into(),
        group: group.map(str::to_owned),
        services: vec![service.into()],
        ..ComponentConfig::default()
    };
    let config = StatusConfig {
        components: vec![
            component("Shop", Some("Europe"), "checkout"),
            component("Blog", None, "blog"),
            component("Search", Some("America"), "search"),
        ],
        ..StatusConfig::default()
    };
    let incidents = vec![incident(1, "search", State::PartialOutage, "2026-11-27T10:00:00Z", None)];
    let (board, policy) = (Board::of(&config, &policy(), incidents, Vec::new(), now()), policy());
    let documents = Parts { board: &board, policy: &policy, url: "https://example.com/status" }.documents();
    let summary = &documents.iter().find(|(path, _)| *path == "summary.json").expect("there").1;
    let listed: Vec<(&str, u64)> = summary["components"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| (c["name"].as_str().expect("a name"), c["position"].as_u64().expect("a position")))
        .collect();
    assert_eq!(listed, [("Europe", 1), ("America", 2), ("Shop", 3), ("Blog", 4), ("Search", 5)]);
    let touched = &summary["incidents"][0]["components"][0];
    assert_eq!((touched["name"].as_str(), touched["position"].as_u64()), (Some("Search"), Some(5)));
    assert_eq!(touched, &summary["components"][4]);
}
