//! The link of a page, as whoever was paged sees it.

use axum::http::StatusCode;
use firebell_core::ids::{EffectKey, IncidentId};
use firebell_core::incident::{Actor, Command, Event};
use firebell_engine::ack::Paged;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::Role;
use crate::tests::{World, world};

/// A link of the page that event `version` asked for.
fn link(w: &World, id: &str, person: &str, version: u64) -> String {
    let page = Paged {
        incident: IncidentId::new(id),
        person: person.to_owned(),
        key: EffectKey::of(&IncidentId::new(id), version, 0),
    };
    format!("/ack/{}", w.state.ack_keys.token(&page, w.now()))
}

fn acknowledged(w: &World, id: &str) -> Vec<String> {
    let records = w.reader.events(&id.into()).expect("the store");
    let by = |event: &Event| match event {
        Event::Acknowledged { by, .. } => Some(by.clone()),
        _ => None,
    };
    records.iter().filter_map(|r| by(&r.event)).collect()
}

#[tokio::test]
async fn a_look_changes_nothing_and_one_press_acknowledges_as_who_was_paged() {
    let w = world();
    let id = w.declare("Checkout is <down>").await;
    let path = link(&w, &id, "grace", 1);
    for method in ["GET", "HEAD", "GET"] {
        assert_eq!(w.send(method, &path, &[], "").await.status, StatusCode::OK);
    }
    assert!(acknowledged(&w, &id).is_empty());
    let page = w.send("GET", &path, &[], "").await;
    assert!(page.text.contains("Acknowledge as grace") && page.text.contains("Checkout is &lt;down&gt;"));
    assert!(!page.text.contains("<script"), "it needs no script");
    assert_eq!((page.header("cache-control"), page.header("x-robots-tag")), ("no-store", "noindex"));
    // As an app presses it: no body, no form.
    let done = w.send("POST", &path, &[], "").await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.text.contains("<h1>Acknowledged</h1>") && done.text.contains("Open the incident"));
    assert_eq!(acknowledged(&w, &id), ["grace"]);
    let again = w.send("POST", &path, &[], "").await;
    assert!(again.status == StatusCode::OK && again.text.contains("Acknowledged already"), "{}", again.text);
    assert_eq!(acknowledged(&w, &id), ["grace"]);
    let audit = w.api(Role::Admin, "GET", "/api/v1/audit", Value::Null).await;
    let entries = audit.json()["entries"].clone();
    let entry = entries.as_array().into_iter().flatten().find(|e| e["action"] == "incident.acknowledge");
    assert_eq!(entry.expect("an entry")["actor"], "grace");
    assert!(!audit.text.contains("/ack/"), "a link is a secret");
}

#[tokio::test]
async fn what_was_answered_since_is_good_for_nothing_and_a_newer_page_is() {
    let w = world();
    let id = w.declare("Checkout is down").await;
    let (before, version) =
        (link(&w, &id, "ada", 1), w.reader.events(&id.as_str().into()).expect("it").len());
    w.handle.command(&id.as_str().into(), Command::Acknowledge, Actor::person("ada")).await.expect("taken");
    assert!(w.send("GET", &before, &[], "").await.text.contains("Acknowledged already"));
    // Somebody else's answer is not theirs.
    let other = link(&w, &id, "grace", u64::try_from(version).expect("few"));
    assert!(w.send("GET", &other, &[], "").await.text.contains("You were paged"));
}

#[tokio::test]
async fn links_that_are_wrong_or_old_say_so_and_do_nothing() {
    let w = world();
    let id = w.declare("Checkout is down").await;
    let path = link(&w, &id, "ada", 1);
    let mut cut = path.clone();
    cut.pop();
    for bad in [cut.as_str(), "/ack/x", "/ack/AAAA", &format!("{path}A")] {
        for method in ["GET", "POST"] {
            let answer = w.send(method, bad, &[], "").await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{bad}");
            assert!(answer.text.contains("This link is not good") && !answer.text.contains(&id));
        }
    }
    w.pass(SignedDuration::from_hours(24));
    let old = w.send("POST", &path, &[], "").await;
    assert!(old.status == StatusCode::GONE && old.text.contains("This link has ended"), "{}", old.text);
    assert!(acknowledged(&w, &id).is_empty());
    let metrics = w.api(Role::Admin, "GET", "/metrics", Value::Null).await.text;
    assert!(metrics.contains("firebell_turned_away_total{door=\"ack\"} 9"), "{metrics}");
}

#[tokio::test]
async fn who_may_not_acknowledge_cannot_by_a_link_and_what_is_over_needs_nobody() {
    let w = world();
    let id = w.declare("Checkout is down").await;
    for (person, why) in [("viewer", "takes a responder"), ("mallory", "no account here")] {
        let answer = w.send("POST", &link(&w, &id, person, 1), &[], "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.text.contains(why), "{}", answer.text);
    }
    assert!(acknowledged(&w, &id).is_empty());
    let over = json!({"reason": "a drill"});
    w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/cancel"), over).await;
    let answer = w.send("POST", &link(&w, &id, "ada", 1), &[], "").await;
    assert!(answer.status == StatusCode::OK && answer.text.contains("It is over"), "{}", answer.text);
}

#[tokio::test]
async fn of_a_restricted_incident_its_number_is_shown_and_no_title() {
    let w = world();
    let id = w.declare("Accounts of Example Corp are entered").await;
    let path = format!("/api/v1/incidents/{id}/kind");
    w.api(Role::Admin, "POST", &path, json!({"kind": "security", "restricted": true})).await;
    let shown = w.send("GET", &link(&w, &id, "ada", 1), &[], "").await.text;
    assert!(shown.contains(&id) && !shown.contains("Example Corp"), "{shown}");
}
