//! The JSON API: shapes, refusals that name the field, idempotency, reports.

use std::fmt::Write as _;

use axum::http::StatusCode;
use firebell_core::incident::Actor;
use firebell_core::ports::agent::BlobStore;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{bearer, send, token, world};
use crate::{Role, router};

#[tokio::test]
async fn an_incident_is_declared_worked_on_and_resolved() {
    let w = world();
    let body = json!({"title": "High error rate on checkout, customers cannot buy", "report": "40 tickets",
        "services": ["checkout"], "drill": false});
    let made = w.api(Role::Responder, "POST", "/api/v1/incidents", body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let made = made.json();
    let id = made["id"].as_str().expect("an id").to_owned();
    assert!(made["version"].as_u64() > Some(1) && made["events"][0]["kind"] == "state", "{made}");
    let write = async |verb: &str, body: Value| {
        let answer = w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/{verb}"), body).await;
        assert_eq!(answer.status, StatusCode::OK, "{verb}: {}", answer.text);
        answer.json()
    };
    assert!(write("ack", json!({})).await["events"].as_array().is_some_and(|e| !e.is_empty()));
    assert_eq!(write("ack", json!({})).await["events"], json!([]), "once is enough");
    write("notes", json!({"text": "pool is empty"})).await;
    write("severity", json!({"severity": "SEV2", "reason": "a third only"})).await;
    write("roles", json!({"role": "scribe", "person": "ada"})).await;
    write("updates", json!({"audience": "internal", "subject": "s", "body": "b"})).await;
    w.play().await;
    let shown = w.api(Role::Viewer, "GET", &format!("/api/v1/incidents/{id}"), Value::Null).await.json();
    assert_eq!(shown["incident"]["severity"]["severity"], "SEV2");
    assert_eq!(shown["incident"]["severity"]["by"]["person"]["name"], "commander");
    for part in ["timeline", "timers"] {
        assert!(shown[part].as_array().is_some_and(|a| !a.is_empty()), "{part}");
    }
    assert!(shown["timers"][0]["due"].is_string() && shown["times"]["flagged"].is_array());
    let verdict =
        w.api(Role::Viewer, "GET", &format!("/api/v1/incidents/{id}/verdict"), Value::Null).await.json();
    assert_eq!(
        (verdict["format"].as_str(), verdict["verdict"].as_str()),
        (Some("firebell-verdict/1"), Some("cause"))
    );
    let plan = shown["incident"]["plans"][0]["hash"].as_str().expect("a plan").to_owned();
    write("decisions", json!({"plan": plan, "go": false, "reason": "not now"})).await;
    assert_eq!(write("resolve", json!({"summary": "grew the pool"})).await["still_firing"], json!([]));
    let again = w
        .api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/cancel"), json!({"reason": "x"}))
        .await;
    assert_eq!((again.status.as_u16(), again.json()["code"].as_str()), (409, Some("conflict")));
    let list = async |query: &str| {
        let list =
            w.api(Role::Viewer, "GET", &format!("/api/v1/incidents?{query}"), Value::Null).await.json();
        list["incidents"].as_array().map(Vec::len)
    };
    assert_eq!((list("open=true").await, list("open=false").await), (Some(0), Some(1)));
    assert_eq!((list("severity=SEV2").await, list("severity=SEV1,SEV3").await), (Some(1), Some(0)));
    assert_eq!((list("q=checkout").await, list("service=payments").await), (Some(1), Some(0)));
}

#[tokio::test]
async fn the_acting_person_is_the_tokens() {
    let w = world();
    let id = w.declare("Catalog is slow").await;
    let body = json!({"text": "hello", "actor": "root", "by": "root"});
    let refused = w.api(Role::Responder, "POST", &format!("/api/v1/incidents/{id}/notes"), body).await;
    assert_eq!((refused.status.as_u16(), refused.json()["code"].as_str()), (422, Some("invalid")));
    w.api(Role::Responder, "POST", &format!("/api/v1/incidents/{id}/notes"), json!({"text": "hello"})).await;
    let records = w.reader.events(&id.as_str().into()).expect("the store");
    assert_eq!(records.last().map(|r| r.actor.clone()), Some(Actor::person("responder")));
}

#[tokio::test]
async fn wrong_bodies_and_queries_are_refused_by_name() {
    let w = world();
    let id = w.declare("Catalog is slow").await;
    let on = |verb: &str| format!("/api/v1/incidents/{id}/{verb}");
    let all = "/api/v1/incidents".to_owned();
    let cases: Vec<(&str, String, &str)> = vec![
        ("POST", all.clone(), "{"),
        ("POST", all.clone(), "[]"),
        ("POST", all.clone(), "{}"),
        ("POST", all.clone(), r#"{"title": ""}"#),
        ("POST", all.clone(), r#"{"title": 7}"#),
        ("POST", all.clone(), r#"{"title": "x", "severity": "SEV9"}"#),
        ("POST", all.clone(), r#"{"title": "x", "services": ["a", 1]}"#),
        ("POST", all.clone(), r#"{"title": "x", "drill": "yes"}"#),
        ("POST", all.clone(), r#"{"title": "x", "titel": "y"}"#),
        ("POST", on("roles"), r#"{"role": "scribe", "person": "nobody"}"#),
        ("POST", on("severity"), r#"{"severity": "SEV1"}"#),
        ("POST", on("decisions"), r#"{"plan": "0000", "go": 1}"#),
        ("POST", on("decisions"), r#"{"plan": "0000", "go": true}"#),
        ("POST", on("merge"), r#"{"into": "INC-2026-0099"}"#),
        ("POST", on("updates"), r#"{"audience": "world", "subject": "s", "body": "b"}"#),
        ("POST", on("tasks/99/done"), ""),
        ("POST", on("tasks/x/done"), ""),
        ("POST", "/api/v1/silences".to_owned(), r#"{"matchers": [], "minutes": 5}"#),
        ("POST", "/api/v1/silences".to_owned(), r#"{"matchers": [{"name": "a", "value": "b"}]}"#),
        (
            "POST",
            "/api/v1/silences".to_owned(),
            r#"{"matchers": [{"name": "a", "value": "(", "isRegex": true}], "minutes": 5}"#,
        ),
        (
            "POST",
            "/api/v1/silences".to_owned(),
            r#"{"matchers": [{"name": "a", "value": "b"}], "minutes": 0}"#,
        ),
        ("POST", "/api/v1/dead-letters/nonsense/retry".to_owned(), ""),
        ("GET", "/api/v1/incidents?open=perhaps".to_owned(), ""),
        ("GET", "/api/v1/incidents?limit=many".to_owned(), ""),
        ("GET", "/api/v1/changes?hours=0".to_owned(), ""),
        ("GET", "/api/v1/reports/weekly?week=last".to_owned(), ""),
        ("GET", "/api/v1/reports/weekly?format=pdf".to_owned(), ""),
        ("GET", "/api/v1/blobs/XYZ".to_owned(), ""),
    ];
    let mut shown = String::new();
    for (method, path, body) in cases {
        let headers = [("authorization", bearer(&token(Role::Admin)))];
        let answer = w.send(method, &path, &[(headers[0].0, &headers[0].1)], body.to_owned()).await;
        assert!(answer.status.is_client_error(), "{method} {path} {body}: {}", answer.status);
        let problem = answer.json();
        for field in ["type", "title", "status", "detail", "code"] {
            assert!(!problem[field].is_null(), "{path} {body}: {problem}");
        }
        let _ = writeln!(
            shown,
            "{method} {path} {body}\n    {} [{}] {}",
            problem["status"],
            problem["field"].as_str().unwrap_or("-"),
            problem["detail"].as_str().unwrap_or("-")
        );
    }
    insta::assert_snapshot!(shown);
    assert_eq!(w.incidents(), 1);
}

#[tokio::test]
async fn an_idempotency_key_opens_one_incident_even_across_a_restart() {
    let w = world();
    let body = json!({"title": "Catalog is slow"}).to_string();
    let declare = async |app: &axum::Router, who: &str, key: &str| {
        let bearer = bearer(who);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        let answer = send(app, "POST", "/api/v1/incidents", &headers, body.clone()).await;
        (answer.status.as_u16(), answer.json()["id"].as_str().unwrap_or_default().to_owned())
    };
    let (ada, grace) = ("token-of-ada-0123456789", "token-of-grace-0123456789");
    let (first, id) = declare(&w.app, ada, "k1").await;
    assert_eq!(first, 201);
    assert_eq!(declare(&w.app, ada, "k1").await, (201, id.clone()), "the same answer again");
    let restarted = router(w.state.clone());
    assert_eq!(declare(&restarted, ada, "k1").await, (200, id));
    assert_eq!(declare(&w.app, ada, "k2").await.0, 201);
    assert_eq!(declare(&w.app, grace, "k1").await.0, 201, "keys are each person's own");
    let (one, two) = tokio::join!(declare(&w.app, ada, "k3"), declare(&w.app, ada, "k3"));
    assert_eq!(one.1, two.1, "two at once");
    assert_eq!(w.incidents(), 4);
}

#[tokio::test]
async fn silences_are_made_listed_and_ended() {
    let w = world();
    let body = json!({"matchers": [{"name": "service", "value": "check.*", "isRegex": true, "isEqual": true}],
        "minutes": 30, "comment": "known"});
    let made = w.api(Role::Responder, "POST", "/api/v1/silences", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let list = w.api(Role::Viewer, "GET", "/api/v1/silences", Value::Null).await.json();
    let silence = &list["silences"][0];
    assert_eq!(
        (silence["createdBy"].as_str(), silence["endsAt"].as_str()),
        (Some("responder"), Some("2026-01-05T11:00:00Z"))
    );
    w.pass(SignedDuration::from_mins(1));
    let ended = w.api(Role::Responder, "DELETE", &format!("/api/v1/silences/{id}"), Value::Null).await.json();
    assert_eq!(ended["silence"]["status"]["state"], "expired");
    assert_eq!(w.api(Role::Responder, "DELETE", "/api/v1/silences/none", Value::Null).await.status, 404);
}

#[tokio::test]
async fn the_weekly_report_counts_the_week() {
    let w = world();
    let id = w.declare("Catalog is slow, p95 went from 200 ms to 2 s").await;
    w.pass(SignedDuration::from_mins(20));
    w.api(Role::Admin, "POST", &format!("/api/v1/incidents/{id}/resolve"), json!({"summary": "done"})).await;
    let report = w.api(Role::Viewer, "GET", "/api/v1/reports/weekly", Value::Null).await.json();
    assert_eq!((report["from"].as_str(), &report["incidents"]), (Some("2026-01-05T00:00:00Z"), &json!([id])));
    let text = w
        .api(Role::Viewer, "GET", "/api/v1/reports/weekly?week=2026-W02&format=text", Value::Null)
        .await
        .text;
    assert!(text.contains("1 incident") && text.contains("20.0 min"), "{text}");
    let linked = w.api(Role::Viewer, "GET", "/api/v1/reports/weekly?format=markdown", Value::Null).await.text;
    assert!(
        linked.contains(&format!("[{id}](/incidents/{id})")) && linked.contains("## Times by service"),
        "{linked}"
    );
    let other = w.api(Role::Viewer, "GET", "/api/v1/reports/weekly?week=2025-W50", Value::Null).await.json();
    assert_eq!(other["incidents"], json!([]));
}

#[tokio::test]
async fn an_ended_incident_without_harm_is_no_incident_of_the_week() {
    let w = world();
    let id = w.declare("Catalog is slow, p95 went from 200 ms to 2 s").await;
    w.api(Role::Admin, "POST", &format!("/api/v1/incidents/{id}/cancel"), json!({"reason": "a test"})).await;
    let report = w.api(Role::Viewer, "GET", "/api/v1/reports/weekly", Value::Null).await.json();
    assert_eq!((&report["incidents"], &report["false_alarms"]), (&json!([]), &json!([id])));
    assert_eq!(report["by_severity"][1]["recover"]["ids"], json!([]));
}

#[tokio::test]
async fn evidence_is_served_by_its_hash() {
    let w = world();
    let sha = w.blobs.put(b"hello".to_vec()).await.expect("stored");
    let path = format!("/api/v1/blobs/{sha}");
    assert_eq!(w.api(Role::Responder, "GET", &path, Value::Null).await.text, "hello");
    assert_eq!(
        w.api(Role::Responder, "GET", &format!("/api/v1/blobs/{}", "0".repeat(64)), Value::Null).await.status,
        404
    );
}
