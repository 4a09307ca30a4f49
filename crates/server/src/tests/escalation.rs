//! What people do about an escalation: ask the next, sleep, hand over, ask for more.

use std::sync::Arc;

use axum::http::StatusCode;
use firebell_oncall::Roster;
use serde_json::{Value, json};

use super::page::Browser;
use super::people::form;
use super::world::{World, token, world};
use crate::Role;

const PEOPLE: &str = r#"
    people = [
      { name = "ada", contacts = [{ kind = "email", address = "ada@example.org" }] },
      { name = "grace", contacts = [{ kind = "email", address = "grace@example.org" }] },
      { name = "linus", contacts = [{ kind = "email", address = "linus@example.org" }] },
    ]
    [[teams]]
    name = "payments"
    members = ["grace"]
    [[escalations]]
    name = "default"
    steps = [{ targets = [{ person = "ada" }] }, { targets = [{ team = "payments" }] }]
    [[escalations]]
    name = "other"
    steps = [{ targets = [{ person = "linus" }] }]
"#;

async fn called(w: &World) -> String {
    w.handle.set_roster(Arc::new(Roster::from_toml(PEOPLE).expect("a roster"))).await.expect("is set");
    w.declare("Checkout is down").await
}

async fn told(w: &World, id: &str) -> String {
    w.api(Role::Viewer, "GET", &format!("/api/v1/incidents/{id}/timeline"), Value::Null).await.text
}

#[tokio::test]
async fn an_escalation_is_steered() {
    let w = world();
    let id = called(&w).await;
    for (verb, body, said) in [
        ("escalate", json!({}), "asks for the next step"),
        (
            "responders",
            json!({"people": ["linus"], "teams": ["payments"]}),
            "asks for person linus, person grace",
        ),
        ("handover", json!({"person": "linus"}), "hands it over to person linus"),
        ("handover", json!({"policy": "other"}), "escalation by policy other"),
        ("snooze", json!({"minutes": 30}), "lets the escalation sleep until"),
    ] {
        let path = format!("/api/v1/incidents/{id}/{verb}");
        assert_eq!(w.api(Role::Viewer, "POST", &path, body.clone()).await.status, StatusCode::FORBIDDEN);
        let answer = w.api(Role::Responder, "POST", &path, body.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{verb} {body}: {}", answer.text);
        let timeline = told(&w, &id).await;
        assert!(timeline.contains(said), "{verb} {body}: {timeline}");
    }
}

#[tokio::test]
async fn the_pages_forms_steer_it_as_well() {
    let w = world();
    let id = called(&w).await;
    let (b, path) = (Browser::sign_in(&w, &token(Role::Responder)).await, format!("/incidents/{id}"));
    let csrf = b.csrf().await;
    let sends = async |b: &Browser<'_>, verb: &str, fields: &[(&str, &str)]| {
        let csrf = b.csrf().await;
        let fields = [&[("csrf", csrf.as_str())][..], fields].concat();
        let sent = b.post(&format!("{path}/do/{verb}"), &form(&fields)).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{verb}: {}", sent.text);
        b.get(&path).await.text
    };
    let page = b.get(&path).await.text;
    for shown in ["f-request", "f-hand-over", "f-snooze", "f-decline"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    for (verb, fields, told_back, recorded) in [
        ("escalate", &[][..], "The next step is called.", "asks for the next step"),
        ("request", &[("to", "person:linus")][..], "They are called.", "asks for person linus"),
        ("hand-over", &[("to", "policy:other")][..], "It is handed over.", "escalation by policy other"),
        (
            "snooze",
            &[("minutes", "30")][..],
            "Nobody is called for 30 min.",
            "lets the escalation sleep until",
        ),
    ] {
        let page = sends(&b, verb, fields).await;
        assert!(page.contains(told_back), "{verb}: {page}");
        let timeline = told(&w, &id).await;
        assert!(timeline.contains(recorded), "{verb}: {timeline}");
    }
    let before = told(&w, &id).await;
    for (verb, fields, why) in [
        ("request", [("to", "person:nobody")], "known: ada, grace, linus"),
        ("hand-over", [("to", "policy:nothing")], "nothing"),
        ("snooze", [("minutes", "long")], "is not a number"),
        ("snooze", [("minutes", "10081")], "until"),
    ] {
        let page = sends(&b, verb, &fields).await;
        assert!(page.contains(why), "{verb}: {page}");
    }
    let viewer = Browser::sign_in(&w, &token(Role::Viewer)).await;
    let page = sends(&viewer, "snooze", &[("minutes", "30")]).await;
    assert!(page.contains("takes a responder") && !page.contains("f-snooze"), "{page}");
    assert_eq!(told(&w, &id).await, before, "what was refused did nothing");
    assert_eq!(b.csrf().await, csrf);
}

#[tokio::test]
async fn what_is_wrong_with_it_is_named() {
    let w = world();
    let id = called(&w).await;
    for (verb, body, field) in [
        ("snooze", json!({}), "until"),
        ("snooze", json!({"until": "2026-01-05T12:00:00Z", "minutes": 5}), "until"),
        ("snooze", json!({"until": "tomorrow"}), "until"),
        ("snooze", json!({"until": "2026-01-05T10:00:00Z"}), "until"),
        ("snooze", json!({"minutes": 0}), "minutes"),
        ("snooze", json!({"minutes": 10_081}), "minutes"),
        ("handover", json!({}), "person"),
        ("handover", json!({"person": "ada", "team": "payments"}), "person"),
        ("handover", json!({"person": "nobody"}), "targets"),
        ("handover", json!({"policy": "nothing"}), "to"),
        ("responders", json!({}), "people"),
        ("responders", json!({"schedules": ["nothing"]}), "targets"),
        ("escalate", json!({"x": 1}), "x"),
    ] {
        let answer =
            w.api(Role::Responder, "POST", &format!("/api/v1/incidents/{id}/{verb}"), body.clone()).await;
        assert!(answer.status.is_client_error(), "{verb} {body}: {}", answer.text);
        assert_eq!(answer.json()["field"], field, "{verb} {body}: {}", answer.text);
    }
    // Without a roster nobody is called, and nothing can be steered.
    let bare = world();
    let id = bare.declare("Checkout is down").await;
    let answer =
        bare.api(Role::Responder, "POST", &format!("/api/v1/incidents/{id}/escalate"), json!({})).await;
    assert!(answer.status == StatusCode::CONFLICT && answer.text.contains("roster"), "{}", answer.text);
}
