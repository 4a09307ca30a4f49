//! Nobody gets in without a key or token; each role does what it may and sees what it may.

use std::fmt::Write as _;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::{AM_KEY, bearer, world};
use crate::Role;

const API: [(&str, &str); 36] = [
    ("GET", "/api/v1/incidents"),
    ("POST", "/api/v1/incidents"),
    ("GET", "/api/v1/incidents/INC-2026-0001"),
    ("GET", "/api/v1/incidents/INC-2026-0001/record"),
    ("GET", "/api/v1/incidents/INC-2026-0001/verdict"),
    ("GET", "/api/v1/incidents/INC-2026-0001/events"),
    ("GET", "/api/v1/incidents/INC-2026-0001/postmortem.md"),
    ("GET", "/api/v1/incidents/INC-2026-0001/postmortem.html"),
    ("GET", "/api/v1/incidents/INC-2026-0001/postmortem.ics"),
    ("GET", "/api/v1/incidents/INC-2026-0001/bundle.tar.gz"),
    ("GET", "/api/v1/incidents/INC-2026-0001/bundle/bundle.json"),
    ("POST", "/api/v1/incidents/INC-2026-0001/ack"),
    ("POST", "/api/v1/incidents/INC-2026-0001/roles"),
    ("POST", "/api/v1/incidents/INC-2026-0001/notes"),
    ("POST", "/api/v1/incidents/INC-2026-0001/kind"),
    ("POST", "/api/v1/incidents/INC-2026-0001/severity"),
    ("POST", "/api/v1/incidents/INC-2026-0001/decisions"),
    ("POST", "/api/v1/incidents/INC-2026-0001/resolve"),
    ("POST", "/api/v1/incidents/INC-2026-0001/reopen"),
    ("POST", "/api/v1/incidents/INC-2026-0001/cancel"),
    ("POST", "/api/v1/incidents/INC-2026-0001/merge"),
    ("POST", "/api/v1/incidents/INC-2026-0001/postmortem"),
    ("POST", "/api/v1/incidents/INC-2026-0001/updates"),
    ("POST", "/api/v1/incidents/INC-2026-0001/tasks"),
    ("POST", "/api/v1/incidents/INC-2026-0001/tasks/1/done"),
    ("GET", "/api/v1/events"),
    ("GET", "/api/v1/alerts"),
    ("GET", "/api/v1/silences"),
    ("POST", "/api/v1/silences"),
    ("DELETE", "/api/v1/silences/x"),
    ("GET", "/api/v1/dead-letters"),
    ("GET", "/api/v1/reports/weekly"),
    ("GET", "/api/v1/agents"),
    ("GET", "/api/v1/changes"),
    ("GET", "/api/v1/blobs/x"),
    ("GET", "/metrics"),
];

const SENDERS: [(&str, &str); 15] = [
    ("POST", "/in/am"),
    ("POST", "/in/nobody"),
    ("POST", "/in/am/wrong-key-in-path"),
    ("POST", "/v2/enqueue"),
    ("POST", "/v2/change/enqueue"),
    ("POST", "/v1/traces"),
    ("POST", "/v1/metrics"),
    ("POST", "/v1/logs"),
    ("POST", "/api/v2/alerts"),
    ("GET", "/api/v2/alerts"),
    ("GET", "/api/v2/alerts/groups"),
    ("GET", "/api/v2/silences"),
    ("DELETE", "/api/v2/silence/x"),
    ("GET", "/api/v2/status"),
    ("GET", "/am/wrong-key/api/v2/receivers"),
];

#[tokio::test]
async fn nothing_answers_without_a_key_or_token() {
    let w = world();
    let bearers = [None, Some(bearer("not-a-token-of-this-server")), Some(bearer(""))];
    for (method, path) in API.iter().chain(&SENDERS) {
        for shown in &bearers {
            let headers: Vec<(&str, &str)> = shown.iter().map(|b| ("authorization", b.as_str())).collect();
            // PagerDuty's senders show their key in the body.
            let body = "{\"routing_key\": \"not-a-key-of-this-server\"}";
            let answer = w.send(method, path, &headers, body).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}: {}", answer.text);
        }
    }
    // A sender's key opens no other door, nor a person's token a sender's.
    assert_eq!(
        w.send("GET", "/api/v1/incidents", &[("authorization", &bearer(AM_KEY))], "").await.status,
        401
    );
    let admin = bearer(&super::world::token(Role::Admin));
    assert_eq!(w.send("POST", "/in/am", &[("authorization", &admin)], "[]").await.status, 401);
    assert_eq!(w.send("POST", "/in/pd", &[("authorization", &bearer(AM_KEY))], "{}").await.status, 401);
}

#[tokio::test]
async fn the_page_sends_strangers_to_the_sign_in_form() {
    let w = world();
    for path in [
        "/",
        "/alerts",
        "/alerts/silences/new",
        "/incidents",
        "/incidents/INC-2026-0001",
        "/incidents/INC-2026-0001/postmortem",
        "/postmortems",
        "/reports",
        "/reports/week.md",
        "/services",
        "/services/checkout",
    ] {
        let answer = w.send("GET", path, &[], "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.header("location").starts_with("/login"), "{path}");
    }
    for path in [
        "/fragment",
        "/stream",
        "/alerts/fragment",
        "/palette",
        "/incidents/INC-2026-0001/fragment",
        "/incidents/INC-2026-0001/stream",
    ] {
        assert_eq!(w.send("GET", path, &[], "").await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for path in [
        "/declare",
        "/alerts/silences",
        "/alerts/silences/x/expire",
        "/incidents/INC-2026-0001/do/ack",
        "/logout",
    ] {
        assert_eq!(w.send("POST", path, &form, "csrf=x").await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn only_health_is_open_and_it_tells_nothing() {
    let w = world();
    for path in ["/healthz", "/readyz"] {
        let answer = w.send("GET", path, &[], "").await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{\"status\":\"ok\"}"), "{path}");
    }
    for path in ["/-/healthy", "/-/ready"] {
        assert_eq!(w.send("GET", path, &[], "").await.text, "OK", "{path}");
    }
    assert_eq!(w.send("GET", "/nowhere", &[], "").await.json()["code"], "not_found");
    assert_eq!(w.send("PUT", "/api/v1/incidents", &[], "").await.json()["code"], "method_not_allowed");
}

#[tokio::test]
async fn each_role_does_what_it_may() {
    let w = world();
    let mut shown = String::new();
    let writes: [(&str, Value); 13] = [
        ("ack", json!({})),
        ("notes", json!({"text": "seen"})),
        ("tasks", json!({"text": "look", "role": "scribe"})),
        ("tasks/1/done", Value::Null),
        ("decisions", json!({"plan": "0000", "go": true})),
        ("roles", json!({"role": "scribe", "person": "linus"})),
        ("severity", json!({"severity": "SEV3", "reason": "small"})),
        ("updates", json!({"audience": "internal", "subject": "s", "body": "b"})),
        ("merge", json!({"into": "INC-2026-0002"})),
        ("resolve", json!({"summary": "over"})),
        ("reopen", json!({"reason": "back"})),
        ("cancel", json!({"reason": "nothing"})),
        ("postmortem", json!({})),
    ];
    w.declare("Something is slow").await;
    for (verb, body) in writes {
        let _ = write!(shown, "{verb}:");
        for role in Role::ALL {
            let path = format!("/api/v1/incidents/INC-2026-0001/{verb}");
            let answer = w.api(role, "POST", &path, body.clone()).await;
            let _ = write!(shown, " {} {}", role.as_str(), if answer.status == 403 { "no" } else { "may" });
        }
        shown.push('\n');
    }
    insta::assert_snapshot!(shown, @"
    ack: viewer no responder may commander may admin may
    notes: viewer no responder may commander may admin may
    tasks: viewer no responder may commander may admin may
    tasks/1/done: viewer no responder may commander may admin may
    decisions: viewer no responder may commander may admin may
    roles: viewer no responder no commander may admin may
    severity: viewer no responder no commander may admin may
    updates: viewer no responder no commander may admin may
    merge: viewer no responder no commander may admin may
    resolve: viewer no responder no commander may admin may
    reopen: viewer no responder no commander may admin may
    cancel: viewer no responder no commander may admin may
    postmortem: viewer no responder no commander may admin may
    ");
    let viewer =
        |method: &'static str, path: &'static str, body: Value| w.api(Role::Viewer, method, path, body);
    assert_eq!(viewer("POST", "/api/v1/incidents", json!({"title": "x"})).await.status, 403);
    assert_eq!(viewer("POST", "/api/v1/silences", json!({})).await.status, 403);
    assert_eq!(viewer("GET", "/api/v1/dead-letters", Value::Null).await.status, 403);
    assert_eq!(viewer("GET", "/api/v1/blobs/00", Value::Null).await.status, 403);
}

#[tokio::test]
async fn restricted_incidents_do_not_exist_for_who_is_no_member() {
    let w = world();
    let open = w.declare("Catalog is slow").await;
    let secret = w.declare("Suspicious sign-in attempts, possible credential stuffing attack").await;
    let ids = async |role| {
        let list = w.api(role, "GET", "/api/v1/incidents", Value::Null).await.json();
        list["incidents"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|i| i["id"].as_str().unwrap_or("").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(Role::Viewer).await, std::slice::from_ref(&open));
    assert_eq!(ids(Role::Responder).await, std::slice::from_ref(&open));
    // Who declared it is a member, and administrators see all.
    assert_eq!(ids(Role::Commander).await.len(), 2);
    assert_eq!(ids(Role::Admin).await.len(), 2);
    for part in ["", "/record", "/verdict", "/events", "/postmortem.md", "/bundle.tar.gz"] {
        let path = format!("/api/v1/incidents/{secret}{part}");
        assert_eq!(w.api(Role::Responder, "GET", &path, Value::Null).await.status, 404, "{path}");
        let hidden = w.api(Role::Viewer, "GET", &path, Value::Null).await;
        assert_eq!(hidden.status, StatusCode::NOT_FOUND, "{path}");
        let none = w.api(Role::Viewer, "GET", &path.replace(&secret, "INC-2026-9999"), Value::Null).await;
        assert_eq!(
            hidden.text.replace(&secret, "X"),
            none.text.replace("INC-2026-9999", "X"),
            "{path} tells that it is there"
        );
    }
    // Given a role in it, somebody is one.
    let third = w.declare("Something is odd").await;
    let path = format!("/api/v1/incidents/{third}");
    let kind = json!({"kind": "security", "restricted": true});
    w.api(Role::Commander, "POST", &format!("{path}/kind"), kind).await;
    let grace = bearer("token-of-grace-0123456789");
    let seen = async || w.send("GET", &path, &[("authorization", &grace)], "").await.status;
    assert_eq!(seen().await, StatusCode::NOT_FOUND);
    let role = json!({"role": "scribe", "person": "grace"});
    let given = w.api(Role::Commander, "POST", &format!("{path}/roles"), role).await;
    assert_eq!((given.status, seen().await), (StatusCode::OK, StatusCode::OK), "{}", given.text);
    let weekly = w.api(Role::Viewer, "GET", "/api/v1/reports/weekly?format=text", Value::Null).await;
    assert!(weekly.text.contains(&open) && !weekly.text.contains(&secret), "{}", weekly.text);
}
