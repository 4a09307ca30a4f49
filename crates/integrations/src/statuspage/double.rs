//! A page that keeps incidents, and holds each request against the public documentation of the API:
//! <https://developer.statuspage.io/>.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::doubles::provider::{Provider, Reply, Seen, all_of};

pub(super) const KEY: &str = "not-a-real-key-0123456789";
pub(super) const PAGE: &str = "kctbh9vrtdwd";

/// Method, path, headers, fields and their types.
pub(super) fn documented(seen: &Seen) -> Result<(), String> {
    let below = seen.path.strip_prefix(&format!("/v1/pages/{PAGE}")).ok_or("the path")?;
    all_of(&[(seen.header("authorization") == format!("OAuth {KEY}"), "the key")])?;
    let queries = |known: &[&str]| seen.query.iter().all(|(name, _)| known.contains(&name.as_str()));
    match (seen.method.as_str(), below) {
        ("GET", "") => return Ok(()),
        ("GET", "/incidents") => return all_of(&[(queries(&["q", "limit", "page"]), "the query")]),
        ("GET", "/incidents/unresolved") => return all_of(&[(queries(&["page", "per_page"]), "the query")]),
        ("POST", "/incidents") => {}
        ("PATCH", path) if path.starts_with("/incidents/") => {}
        other => return Err(format!("{other:?} is no call of the API")),
    }
    let body = seen.json();
    let incident = body["incident"].as_object().ok_or("incident is an object")?;
    let known = [
        "name",
        "status",
        "impact_override",
        "body",
        "components",
        "component_ids",
        "metadata",
        "deliver_notifications",
    ];
    let statuses = ["investigating", "identified", "monitoring", "resolved"];
    let states =
        ["operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage"];
    let text = |name: &str| incident.get(name).and_then(Value::as_str).unwrap_or_default();
    let ids: Vec<&str> = incident
        .get("component_ids")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let components = incident.get("components").and_then(Value::as_object);
    all_of(&[
        (seen.header("content-type") == "application/json", "JSON"),
        (incident.keys().all(|k| known.contains(&k.as_str())), "a field that is not known"),
        ((1..=255).contains(&text("name").chars().count()), "name"),
        (statuses.contains(&text("status")), "status"),
        (!text("body").is_empty() && text("body").chars().count() <= 25_000, "body"),
        (incident.get("deliver_notifications").is_some_and(Value::is_boolean), "deliver_notifications"),
        (
            incident.get("impact_override").is_none_or(|i| {
                ["none", "minor", "major", "critical"].contains(&i.as_str().unwrap_or_default())
            }),
            "impact_override",
        ),
        (
            components.is_none_or(|c| c.values().all(|s| states.contains(&s.as_str().unwrap_or_default()))),
            "components",
        ),
        (components.is_none_or(|c| c.keys().all(|id| ids.contains(&id.as_str()))), "component_ids"),
        (
            incident
                .get("metadata")
                .is_some_and(|m| m.as_object().is_some_and(|m| m.values().all(Value::is_object))),
            "metadata",
        ),
    ])
}

/// What the page keeps.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) incidents: Vec<Value>,
    /// What it answers instead, by the number of calls that write before; what is asked is carried out where it says so.
    pub(super) instead: Vec<(usize, bool, Reply)>,
    writes: usize,
}

pub(super) type Shared = Arc<Mutex<Kept>>;

/// A page.
pub(super) async fn page() -> (Provider, Shared) {
    let kept = Shared::default();
    let shared = Arc::clone(&kept);
    let provider =
        Provider::start(documented, move |seen, _| answer(&mut shared.lock().expect("kept"), seen)).await;
    (provider, kept)
}

fn answer(kept: &mut Kept, seen: &Seen) -> Reply {
    let is = |status, body: Value| Reply::Is(status, body.to_string());
    let newest = |all: &[Value]| all.iter().rev().cloned().collect::<Vec<_>>();
    if seen.method == "GET" {
        let open: Vec<Value> = kept.incidents.iter().filter(|i| i["status"] != "resolved").cloned().collect();
        return match seen.path.rsplit('/').next() {
            Some("unresolved") => is(200, newest(&open).into()),
            Some("incidents") => is(200, newest(&kept.incidents).into()),
            _ => is(200, json!({"id": PAGE, "name": "Example"})),
        };
    }
    let n = kept.writes;
    kept.writes += 1;
    let instead = kept.instead.iter().find(|(at, ..)| *at == n).cloned();
    if let Some((_, false, reply)) = instead {
        return reply;
    }
    let done = write(kept, seen);
    instead.map_or(is(if seen.method == "POST" { 201 } else { 200 }, done), |(.., reply)| reply)
}

fn write(kept: &mut Kept, seen: &Seen) -> Value {
    let asked = seen.json()["incident"].clone();
    let at = match seen.path.rsplit('/').next() {
        Some("incidents") => {
            let id = format!("inc{}", kept.incidents.len() + 1);
            kept.incidents.push(json!({"id": id, "incident_updates": []}));
            kept.incidents.len() - 1
        }
        id => kept.incidents.iter().position(|i| i["id"].as_str() == id).expect("it is there"),
    };
    let incident = &mut kept.incidents[at];
    for field in ["name", "status", "impact_override", "metadata"] {
        if !asked[field].is_null() {
            incident[field] = asked[field].clone();
        }
    }
    if let Some(components) = asked["components"].as_object() {
        incident["components"] =
            components.iter().map(|(id, state)| json!({"id": id, "status": state})).collect();
    }
    let update = json!({"body": asked["body"], "status": asked["status"]});
    incident["incident_updates"].as_array_mut().expect("a list").insert(0, update);
    incident.clone()
}
