//! How the company is set up on its first day.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    history,
    model::{Conditions, Defect, Flag, Release, ServiceState, World},
};
use crate::seed;

/// The services, front to back.
pub(crate) const SERVICES: [&str; 7] =
    ["gateway", "checkout", "catalog", "inventory", "payments", "accounts", "notifications"];
/// Those with a database and a data volume.
pub(crate) const DATABASES: [&str; 5] = ["checkout", "catalog", "inventory", "payments", "accounts"];
/// The payment providers.
pub(crate) const ACQUIRERS: [&str; 2] = ["acquirer-a", "acquirer-b"];
/// Component ids start so.
pub(crate) const COMPONENT_PREFIX: &str = "service/";

/// `catalog` of `service/catalog` or `catalog`, if there is such a service.
pub(crate) fn short_name(target: &str) -> Option<&'static str> {
    static_name(target.strip_prefix(COMPONENT_PREFIX).unwrap_or(target))
}

/// The constant of a service's name.
pub(crate) fn static_name(name: &str) -> Option<&'static str> {
    SERVICES.into_iter().find(|s| *s == name)
}

/// Which defect a bad release of a service brings.
pub(crate) fn defect_kinds() -> [(&'static str, Defect); 4] {
    [
        ("checkout", Defect::TaxOfManyLines),
        ("payments", Defect::MinorUnits),
        ("catalog", Defect::MissingRating),
        ("inventory", Defect::ReservationOverflow),
    ]
}

fn config(name: &str) -> BTreeMap<String, Value> {
    let pairs: &[(&str, Value)] = &match name {
        "gateway" => vec![
            ("accounts_timeout_ms", json!(800)),
            ("catalog_timeout_ms", json!(3000)),
            ("checkout_timeout_ms", json!(8000)),
            ("max_in_flight", json!(120)),
        ],
        "checkout" => vec![
            ("db_pool_size", json!(8)),
            ("db_acquire_timeout_ms", json!(500)),
            ("inventory_timeout_ms", json!(1500)),
            ("payments_timeout_ms", json!(6000)),
            ("max_in_flight", json!(200)),
        ],
        "catalog" => vec![
            ("db_pool_size", json!(32)),
            ("db_acquire_timeout_ms", json!(800)),
            ("inventory_timeout_ms", json!(1000)),
            ("inventory_url", json!("")),
            ("max_in_flight", json!(200)),
            ("page_size", json!(40)),
        ],
        "inventory" => vec![
            ("db_pool_size", json!(12)),
            ("db_acquire_timeout_ms", json!(500)),
            ("log_rotation_max_mb", json!(0)),
            ("max_in_flight", json!(200)),
        ],
        "payments" => vec![
            ("acquirer_timeout_ms", json!(4500)),
            ("db_pool_size", json!(10)),
            ("db_acquire_timeout_ms", json!(500)),
            ("max_in_flight", json!(200)),
        ],
        "accounts" => vec![
            ("db_pool_size", json!(10)),
            ("db_acquire_timeout_ms", json!(500)),
            ("max_in_flight", json!(100)),
            ("session_ttl_s", json!(1800)),
        ],
        _ => vec![("accounts_timeout_ms", json!(800)), ("max_in_flight", json!(100))],
    };
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn flags(name: &str) -> BTreeMap<String, Flag> {
    let off = Flag { enabled: false, percent: 0 };
    let on = Flag { enabled: true, percent: 100 };
    let pairs: &[(&str, Flag)] = match name {
        "gateway" => &[("http_keepalive_v2", on)],
        "checkout" => &[("combined_discounts", off), ("guest_notes", on)],
        "catalog" => &[("eager_loading", off), ("compact_product_page", off), ("new_badges", on)],
        "notifications" => &[("html_mail", on)],
        _ => &[],
    };
    pairs.iter().map(|(name, flag)| ((*name).to_owned(), *flag)).collect()
}

fn service(seed: u64, name: &str) -> ServiceState {
    let line = seed::bucket(&format!("{seed}/{name}/version"), 9) + 1;
    let versions = [format!("{line}.6.2"), format!("{line}.7.3"), format!("{line}.8.0")];
    let releases: Vec<Release> = versions
        .iter()
        .map(|v| Release {
            version: v.clone(),
            commit: seed::commit(seed, &format!("{name}@{v}")),
            defects: vec![],
        })
        .collect();
    let active = match name {
        "payments" => Some(ACQUIRERS[0].to_owned()),
        "inventory" => Some("primary".to_owned()),
        _ => None,
    };
    ServiceState {
        version: versions[2].clone(),
        releases,
        replicas: 2,
        config: config(name),
        flags: flags(name),
        rate_limit: None,
        active,
    }
}

/// The company on its first day, with a history of harmless changes before.
pub(crate) fn new_world(seed: u64, now: Timestamp) -> World {
    let mut world = World {
        seed,
        created_at: now,
        ports: BTreeMap::new(),
        services: SERVICES.iter().map(|n| ((*n).to_owned(), service(seed, n))).collect(),
        conditions: Conditions::default(),
        fault: None,
        answers: Vec::new(),
        changes: Vec::new(),
        delivered: 0,
        rounds: 0,
        rotated: BTreeMap::new(),
    };
    history::past(&mut world, now);
    world
}
