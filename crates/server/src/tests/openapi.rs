//! The OpenAPI document: one with the routes, kept as a snapshot, and true: every answer of every test is held against it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex};

use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::world::world;
use crate::Role;
use crate::api::{Operation, all_operations, spec};

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(all_operations);
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| spec::document(&OPERATIONS));
/// Compiled once: tests ask again and again.
static VALIDATORS: LazyLock<Mutex<BTreeMap<String, &'static jsonschema::Validator>>> =
    LazyLock::new(Mutex::default);

/// Holds an answer against what the document says of it. What it does not speak of is let pass.
pub(super) fn hold(method: &str, path: &str, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
    let path = path.split('?').next().unwrap_or_default();
    let method = method.to_lowercase();
    let Some(operation) = OPERATIONS.iter().find(|o| o.method == method && is_at(o.path, path)) else {
        return;
    };
    let status = status.as_u16();
    let content_type = headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default();
    let template = operation.path.replace("{*", "{");
    let mut answer = &DOCUMENT["paths"][&template][&method]["responses"][status.to_string()];
    if let Some(reference) = answer["$ref"].as_str() {
        answer =
            DOCUMENT.pointer(reference.trim_start_matches('#')).expect("a reference that leads somewhere");
    }
    assert!(!answer.is_null() || status >= 500, "{method} {path}: the document knows no answer {status}");
    if answer.is_null() || answer["content"].is_null() {
        assert!(body.is_empty() || status >= 500, "{method} {path}: {status} has a body");
        return;
    }
    let schema = &answer["content"][content_type]["schema"];
    assert!(!schema.is_null(), "{method} {path}: {status} as {content_type:?} is not in the document");
    if content_type.ends_with("json") {
        let value: Value = serde_json::from_slice(body).expect("JSON");
        let validator = validator(&format!("{method} {template} {status} {content_type}"), schema);
        let wrong: Vec<String> =
            validator.iter_errors(&value).take(3).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{method} {path} {status}: {wrong:#?}\n{value:#}");
    }
}

fn validator(name: &str, schema: &Value) -> &'static jsonschema::Validator {
    let mut all = VALIDATORS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    all.entry(name.to_owned()).or_insert_with(|| {
        let mut whole = schema.clone();
        whole["components"] = DOCUMENT["components"].clone();
        Box::leak(Box::new(jsonschema::draft202012::new(&whole).expect("a schema")))
    })
}

/// Whether an address is one of a template.
fn is_at(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(t), Some(_)) if t.starts_with("{*") => return true,
            (Some(t), Some(p)) if t == p || (t.starts_with('{') && !p.is_empty()) => {}
            _ => return false,
        }
    }
}

#[tokio::test]
async fn the_document_is_served_to_everybody_and_kept() {
    let w = world();
    let answer = w.send("GET", "/api/v1/openapi.json", &[], "").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(answer.json(), *DOCUMENT);
    insta::with_settings!({prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("openapi", *DOCUMENT);
    });
}

#[tokio::test]
async fn every_operation_answers_and_asks_for_its_role() {
    let w = world();
    let mut ids = BTreeSet::new();
    for operation in OPERATIONS.iter() {
        let at = format!("{} {}", operation.method, operation.path);
        assert!(ids.insert(operation.id), "{at}: the id {} is taken", operation.id);
        assert!(!operation.summary.is_empty(), "{at} has no summary");
        assert!(
            crate::api::TAGS.iter().any(|(name, _)| *name == operation.tag),
            "{at}: tag {:?}",
            operation.tag
        );
        assert!(operation.answers.iter().any(|a| a.status < 300), "{at} has no answer");
        let path = operation
            .path
            .replace("{id}", "INC-2026-0001")
            .replace("{name}", "checkout")
            .replace("{n}", "1")
            .replace("{key}", "INC-2026-0001:1:0")
            .replace("{sha256}", &"0".repeat(64))
            .replace("{*path}", "bundle.json");
        let method = operation.method.to_uppercase();
        let status = w.send(&method, &path, &[], "").await.status;
        assert_eq!(status == 401, operation.permission.is_some(), "{at}: {status}");
        for role in Role::ALL {
            // A stream that is opened never ends.
            if operation.streams && operation.permission.is_none_or(|p| role >= p.least()) {
                continue;
            }
            let answer = w.api(role, &method, &path, Value::Null).await;
            let refused = operation.permission.is_some_and(|p| role < p.least());
            assert_eq!(answer.status == 403, refused, "{at} as {role:?}: {}", answer.text);
            assert!(
                ![404, 405].contains(&answer.status.as_u16()) || answer.json()["code"] == "not_found",
                "{at}: {}",
                answer.text
            );
            assert!(!answer.text.contains("nothing is served at this address"), "{at} is not there");
        }
    }
}

#[tokio::test]
async fn what_is_below_the_api_and_not_in_the_document_is_not_there() {
    let w = world();
    for path in ["/api/v1", "/api/v1/", "/api/v1/users", "/api/v1/incidents/x/y/z"] {
        let answer = w.api(Role::Admin, "GET", path, Value::Null).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (404, &json!("not_found")), "{path}");
    }
}

#[test]
fn bodies_of_the_document_name_what_handlers_read() {
    // Each object that is sent refuses what it does not know, as the handlers do.
    for operation in OPERATIONS.iter() {
        if let Some(body) = &operation.body {
            assert_eq!(body["additionalProperties"], json!(false), "{}", operation.id);
            assert!(operation.is_write(), "{}", operation.id);
        }
    }
}
