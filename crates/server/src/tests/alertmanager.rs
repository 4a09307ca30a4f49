//! The API v2 as served, against Alertmanager's own contract.

use std::path::PathBuf;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::{AM_KEY, World, bearer, world};

/// The shared contracts, if they are on this machine.
fn contracts() -> Option<PathBuf> {
    let shared = std::env::var_os("FIREBELL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let found = shared.join("contracts");
    if !found.is_dir() {
        eprintln!("skipped: the contracts are not here; set FIREBELL_SHARED to the folder that has them");
        return None;
    }
    Some(found)
}

fn conforms(contracts: &std::path::Path, definition: &str, value: &Value) {
    let text = std::fs::read_to_string(contracts.join("alertmanager-openapi-v2.yaml")).expect("the contract");
    let document: Value = serde_yaml_ng::from_str(&text).expect("YAML");
    let schema =
        json!({"$ref": format!("#/definitions/{definition}"), "definitions": document["definitions"]});
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft7)
        .should_validate_formats(true)
        .build(&schema)
        .expect("a schema");
    let errors: Vec<_> =
        validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{definition}: {errors:#?}\n{value:#}");
}

async fn get(w: &World, path: &str) -> Value {
    let answer = w.send("GET", path, &[("authorization", &bearer(AM_KEY))], "").await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    answer.json()
}

async fn fill(w: &World) -> String {
    let alerts = json!([
        {"labels": {"alertname": "Errors", "service": "checkout"}, "annotations": {"summary": "s"},
         "startsAt": "2026-01-05T10:20:00Z", "endsAt": "2026-01-05T10:34:00Z", "generatorURL": "http://p.example/g"},
        {"labels": {"alertname": "Slow", "service": "catalog"}},
    ]);
    let key = bearer(AM_KEY);
    let headers = [("authorization", key.as_str())];
    let posted = w.send("POST", "/api/v2/alerts", &headers, alerts.to_string()).await;
    assert_eq!(posted.status, StatusCode::OK);
    w.settle().await;
    let silence = json!({"matchers": [{"name": "service", "value": "catalog", "isRegex": false}],
        "startsAt": "2026-01-05T10:30:00Z", "endsAt": "2026-01-05T12:30:00Z", "createdBy": "ada", "comment": "known"});
    let made = w.send("POST", "/api/v2/silences", &headers, silence.to_string()).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    made.json()["silenceID"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn every_answer_is_what_the_contract_says() {
    let Some(contracts) = contracts() else { return };
    let w = world();
    let id = fill(&w).await;
    let alerts = get(&w, "/api/v2/alerts").await;
    assert_eq!(alerts.as_array().map(Vec::len), Some(2));
    conforms(&contracts, "gettableAlerts", &alerts);
    conforms(&contracts, "alertGroups", &get(&w, "/api/v2/alerts/groups").await);
    conforms(&contracts, "gettableSilences", &get(&w, "/api/v2/silences").await);
    conforms(&contracts, "gettableSilence", &get(&w, &format!("/api/v2/silence/{id}")).await);
    conforms(&contracts, "alertmanagerStatus", &get(&w, "/api/v2/status").await);
    for receiver in get(&w, "/api/v2/receivers").await.as_array().expect("a list") {
        conforms(&contracts, "receiver", receiver);
    }
}

#[tokio::test]
async fn a_silence_covers_alerts_that_fire_already_until_it_is_ended() {
    let w = world();
    let id = fill(&w).await;
    let loud = |list: Value| {
        let list = list.as_array().expect("a list");
        list.iter().map(|a| a["labels"]["alertname"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(loud(get(&w, "/api/v2/alerts?silenced=false").await), ["Errors"]);
    let key = bearer(AM_KEY);
    let gone = w.send("DELETE", &format!("/api/v2/silence/{id}"), &[("authorization", &key)], "").await;
    assert_eq!(gone.status, StatusCode::OK);
    assert_eq!(loud(get(&w, "/api/v2/alerts?silenced=false").await).len(), 2);
    assert_eq!(get(&w, &format!("/api/v2/silence/{id}")).await["status"]["state"], "expired");
}

#[tokio::test]
async fn the_key_may_be_a_path_prefix() {
    let w = world();
    let body = json!([{"labels": {"alertname": "Errors"}}]).to_string();
    let posted = w.send("POST", &format!("/am/{AM_KEY}/api/v2/alerts"), &[], body).await;
    assert_eq!(posted.status, StatusCode::OK, "{}", posted.text);
    w.settle().await;
    let list = w.send("GET", &format!("/am/{AM_KEY}/api/v2/alerts"), &[], "").await;
    assert_eq!(list.json().as_array().map(Vec::len), Some(1));
    assert_eq!(w.send("GET", &format!("/am/{AM_KEY}/-/ready"), &[], "").await.text, "OK");
    let silence = w.send("GET", &format!("/am/{AM_KEY}/api/v2/silence/none"), &[], "").await;
    assert_eq!(silence.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn errors_are_texts_as_the_contract_has_them() {
    let w = world();
    let key = bearer(AM_KEY);
    let headers = [("authorization", key.as_str())];
    let asked = w.send("GET", "/api/v2/alerts?active=maybe", &headers, "").await;
    assert_eq!(asked.status, StatusCode::BAD_REQUEST);
    assert!(asked.json().as_str().is_some_and(|t| t.starts_with("active")), "{}", asked.text);
    for (body, named) in [("[{\"labels\": {}}]", "[0].labels"), ("{}", "body"), ("[", "body")] {
        let posted = w.send("POST", "/api/v2/alerts", &headers, body).await;
        assert_eq!(posted.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(posted.json().as_str().is_some_and(|t| t.contains(named)), "{body}: {}", posted.text);
    }
    let silence = json!({"id": "00000000-0000-4000-8000-000000000000", "matchers": [{"name": "a", "value": "b", "isRegex": false}],
        "startsAt": "2026-01-05T10:30:00Z", "endsAt": "2026-01-05T12:30:00Z", "createdBy": "a", "comment": "c"});
    assert_eq!(
        w.send("POST", "/api/v2/silences", &headers, silence.to_string()).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn of_a_mixed_batch_the_good_alerts_are_kept_and_the_bad_ones_told() {
    let w = world();
    let key = bearer(AM_KEY);
    let headers = [("authorization", key.as_str())];
    let body = json!([{"labels": {"alertname": "Good"}}, {"labels": {}}, {"labels": {"alertname": "Fine"}}]);
    let answer = w.send("POST", "/api/v2/alerts", &headers, body.to_string()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let text = answer.json().as_str().expect("a text").to_owned();
    assert!(text.starts_with("[1].labels") && text.ends_with("2 alerts were kept"), "{text}");
    w.settle().await;
    assert_eq!(get(&w, "/api/v2/alerts").await.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_silence_says_who_and_why() {
    let w = world();
    let key = bearer(AM_KEY);
    let headers = [("authorization", key.as_str())];
    for missing in ["createdBy", "comment"] {
        let mut silence = json!({"matchers": [{"name": "a", "value": "b", "isRegex": false}],
            "startsAt": "2026-01-05T10:30:00Z", "endsAt": "2026-01-05T12:30:00Z", "createdBy": "a", "comment": "c"});
        silence.as_object_mut().expect("an object").remove(missing);
        let answer = w.send("POST", "/api/v2/silences", &headers, silence.to_string()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{missing}");
        assert!(answer.json().as_str().is_some_and(|t| t.starts_with(missing)), "{}", answer.text);
    }
    assert_eq!(get(&w, "/api/v2/silences").await, json!([]));
}

#[tokio::test]
async fn what_the_api_has_not_is_told_in_its_form() {
    let w = world();
    for (method, path, code) in [
        ("PUT", "/api/v2/alerts".to_owned(), 405),
        ("GET", "/api/v2/nothing".to_owned(), 404),
        ("DELETE", format!("/am/{AM_KEY}/api/v2/status"), 405),
        ("GET", format!("/am/{AM_KEY}/api/v2/nothing"), 404),
    ] {
        let answer = w.send(method, &path, &[], "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["code"].as_u64()),
            (code, Some(code.into())),
            "{path}"
        );
        assert!(answer.json()["message"].is_string(), "{path}");
    }
}
