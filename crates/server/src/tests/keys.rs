//! `Idempotency-Key`, `If-Match` and `If-None-Match`.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{Answer, World, bearer, token, world};
use crate::Role;

async fn write(w: &World, role: Role, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    let bearer = bearer(&token(role));
    let mut all = vec![("authorization", bearer.as_str())];
    all.extend_from_slice(headers);
    w.send("POST", path, &all, body.to_string()).await
}

fn notes(w: &World, id: &str) -> usize {
    let records = w.reader.events(&id.into()).expect("the store");
    records.iter().filter(|r| serde_json::to_string(&r.event).is_ok_and(|t| t.contains("note_added"))).count()
}

#[tokio::test]
async fn one_key_is_one_write_and_one_answer() {
    let w = world();
    let id = w.declare("Catalog is slow").await;
    let path = format!("/api/v1/incidents/{id}/notes");
    let say = async |role, key: &str, text: &str| {
        write(&w, role, &path, &[("idempotency-key", key)], json!({"text": text})).await
    };
    let first = say(Role::Responder, "k", "seen").await;
    let again = say(Role::Responder, "k", "seen").await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (StatusCode::OK, ""));
    assert_eq!((again.status, again.header("idempotent-replayed")), (StatusCode::OK, "true"));
    assert_eq!((&first.text, first.header("etag")), (&again.text, again.header("etag")));
    let (one, two) = tokio::join!(say(Role::Responder, "k2", "both"), say(Role::Responder, "k2", "both"));
    assert_eq!(one.text, two.text);
    assert_eq!(notes(&w, &id), 2);
    // Another body, or another address.
    let other = say(Role::Responder, "k", "seen again").await;
    let problem = other.json();
    assert_eq!((other.status.as_u16(), &problem["code"]), (422, &json!("idempotency_mismatch")));
    assert_eq!(problem["field"], "idempotency-key");
    let path = format!("/api/v1/incidents/{id}/ack");
    assert_eq!(write(&w, Role::Responder, &path, &[("idempotency-key", "k")], json!({})).await.status, 422);
    // Each person's keys are their own, and a day is enough.
    assert_eq!(say(Role::Commander, "k", "mine").await.status, 200);
    w.pass(SignedDuration::from_hours(24));
    assert_eq!(say(Role::Responder, "k", "seen").await.header("idempotent-replayed"), "true");
    w.pass(SignedDuration::from_secs(1));
    assert_eq!(say(Role::Responder, "k", "later").await.status, 200);
    assert_eq!(notes(&w, &id), 4);
    for bad in ["", &"x".repeat(256)] {
        let refused = say(Role::Responder, bad, "x").await;
        assert_eq!((refused.status.as_u16(), &refused.json()["field"]), (400, &json!("idempotency-key")));
    }
}

#[tokio::test]
async fn a_write_that_changed_nothing_may_be_mended_under_its_key() {
    let w = world();
    let id = w.declare("Catalog is slow").await;
    let path = format!("/api/v1/incidents/{id}/notes");
    let key = [("idempotency-key", "k")];
    assert_eq!(write(&w, Role::Responder, &path, &key, json!({"text": ""})).await.status, 422);
    assert_eq!(write(&w, Role::Responder, &path, &key, json!({"text": "mended"})).await.status, 200);
    assert_eq!(notes(&w, &id), 1);
    // A silence and its end are writes as well.
    let silence = json!({"matchers": [{"name": "a", "value": "b"}], "minutes": 5});
    let made = write(&w, Role::Responder, "/api/v1/silences", &key, silence.clone()).await;
    assert_eq!(made.status, 422, "this key stands for the note");
    let key = [("idempotency-key", "s")];
    let made = write(&w, Role::Responder, "/api/v1/silences", &key, silence.clone()).await;
    let again = write(&w, Role::Responder, "/api/v1/silences", &key, silence).await;
    assert_eq!((made.status, &made.text), (again.status, &again.text));
    let list = w.api(Role::Viewer, "GET", "/api/v1/silences", Value::Null).await.json();
    assert_eq!(list["silences"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_write_holds_for_the_version_that_was_seen() {
    let w = world();
    let id = w.declare("Catalog is slow").await;
    let path = format!("/api/v1/incidents/{id}");
    let shown = w.api(Role::Viewer, "GET", &path, Value::Null).await;
    let tag = shown.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", shown.json()["incident"]["version"]));
    let note = format!("{path}/notes");
    let say =
        async |tag: &str| write(&w, Role::Responder, &note, &[("if-match", tag)], json!({"text": "x"})).await;
    let first = say(&tag).await;
    assert_eq!(first.status, 200);
    assert_ne!(first.header("etag"), tag);
    let late = say(&tag).await;
    assert_eq!((late.status.as_u16(), &late.json()["code"]), (412, &json!("version_mismatch")));
    assert_eq!(late.json()["field"], "if-match");
    for (tag, status) in [("*", 200), ("\"abc\"", 412), ("W/\"1\"", 412), ("7", 412)] {
        assert_eq!(say(tag).await.status.as_u16(), status, "{tag}");
    }
    let now = w.api(Role::Viewer, "GET", &path, Value::Null).await.header("etag").to_owned();
    assert_eq!(say(&format!("\"1\", {now}")).await.status, 200, "one of several");
    assert_eq!(notes(&w, &id), 3);
}

#[tokio::test]
async fn an_answer_that_is_the_same_is_not_sent_again() {
    let w = world();
    let id = w.declare("Catalog is slow").await;
    let admin = bearer(&token(Role::Admin));
    for path in [
        "/api/v1/incidents".to_owned(),
        format!("/api/v1/incidents/{id}"),
        format!("/api/v1/incidents/{id}/timeline"),
        "/api/v1/agents".to_owned(),
    ] {
        let tag = w.api(Role::Admin, "GET", &path, Value::Null).await.header("etag").to_owned();
        assert!(tag.len() > 2, "{path}");
        let headers = [("authorization", admin.as_str()), ("if-none-match", tag.as_str())];
        let same = w.send("GET", &path, &headers, "").await;
        assert_eq!(
            (same.status, same.text.as_str(), same.header("etag")),
            (StatusCode::NOT_MODIFIED, "", tag.as_str()),
            "{path}"
        );
        assert_eq!(same.header("cache-control"), "private, no-cache");
        if path.contains("incidents") {
            w.api(Role::Admin, "POST", &format!("/api/v1/incidents/{id}/notes"), json!({"text": "news"}))
                .await;
            assert_eq!(w.send("GET", &path, &headers, "").await.status, 200, "{path}");
        }
    }
}
