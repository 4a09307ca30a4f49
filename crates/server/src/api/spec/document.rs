//! The OpenAPI 3.1 document, made from the operations.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::schema::{filled, named, text, whole};
use super::{Operation, parts};
use crate::problem::CODES;

/// `GET /api/v1/openapi.json`, for everybody: it tells what Firebell is, not what it knows.
pub(crate) async fn show() -> Response {
    let bytes = serde_json::to_vec(&document(&crate::api::all_operations())).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], bytes).into_response()
}

/// The document.
pub(crate) fn document(operations: &[Operation]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let path = operation.path.replace("{*", "{");
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(operation.method.to_owned(), describe(operation));
        }
    }
    let tags: Vec<Value> =
        crate::api::TAGS.iter().map(|(name, about)| json!({"name": name, "description": about})).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Firebell",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Incidents from the first alert to the postmortem.",
            "description": "Senders of alerts use their own wire formats; see the reference. Unknown fields of a body are refused. Lists are read page by page: `next_cursor` and the `Link` header lead on.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer",
                "description": "A token; the acting person is the one whose token it is."}},
            "schemas": parts::all(),
            "responses": problems(),
        },
    })
}

fn describe(operation: &Operation) -> Value {
    let mut out = Map::new();
    out.insert("operationId".to_owned(), json!(operation.id));
    out.insert("summary".to_owned(), json!(operation.summary));
    if !operation.about.is_empty() {
        out.insert("description".to_owned(), json!(operation.about));
    }
    out.insert("tags".to_owned(), json!([operation.tag]));
    match operation.permission {
        Some(permission) => {
            out.insert("x-firebell-role".to_owned(), json!(permission.least().as_str()));
            out.insert("x-firebell-permission".to_owned(), json!(permission.key()));
            // Who holds one of these in the incident may do it there too.
            if !permission.held().is_empty() {
                out.insert("x-firebell-held".to_owned(), json!(permission.held()));
            }
        }
        None => drop(out.insert("security".to_owned(), json!([]))),
    }
    let parameters = parameters(operation);
    if !parameters.is_empty() {
        out.insert("parameters".to_owned(), json!(parameters));
    }
    if let Some(body) = &operation.body {
        let needed = body.get("required").is_some();
        out.insert(
            "requestBody".to_owned(),
            json!({"required": needed, "content": {"application/json": {"schema": body}}}),
        );
    }
    out.insert("responses".to_owned(), Value::Object(answers(operation)));
    Value::Object(out)
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let mut out = Vec::new();
    for name in operation.path_params() {
        let (about, schema) = part(name);
        out.push(
            json!({"name": name, "in": "path", "required": true, "description": about, "schema": schema}),
        );
    }
    for param in &operation.query {
        out.push(
            json!({"name": param.name, "in": "query", "description": param.about, "schema": param.schema}),
        );
    }
    let mut header = |name: &str, about: &str, schema: Value| {
        out.push(json!({"name": name, "in": "header", "description": about, "schema": schema}));
    };
    if operation.is_write() {
        let about = "A key of your own: the same request under the same key is carried out once and answered the same for a day.";
        header(
            "Idempotency-Key",
            about,
            json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}),
        );
    }
    if operation.writes_incident {
        let about = "The version that you have seen, in quotes: 412 where the incident has moved on.";
        header("If-Match", about, json!({"type": "string", "pattern": "^\"[0-9]{1,18}\"$"}));
    }
    if !operation.is_write() && operation.permission.is_some() && !operation.streams {
        header("If-None-Match", "ETag of the answer that you have: 304 where it is still the same.", etag());
    }
    if operation.streams {
        header(
            "Last-Event-ID",
            "Position of the last event that was seen; newer than `after`.",
            whole(0, i64::MAX),
        );
    }
    out
}

fn etag() -> Value {
    json!({"type": "string", "pattern": "^\"[0-9a-f]{1,64}\"$"})
}

/// What a part of an address is.
fn part(name: &str) -> (&'static str, Value) {
    match name {
        "id" => ("Its id.", filled(64)),
        "name" => ("Its name.", filled(1024)),
        "n" => ("Its number within the incident.", whole(0, i64::from(u32::MAX))),
        "key" => ("The effect's key: INCIDENT:VERSION:ORDINAL.", filled(128)),
        "sha256" => {
            ("SHA-256, 64 hex digits in lower case.", json!({"type": "string", "pattern": "^[0-9a-f]{64}$"}))
        }
        "path" => ("A file's path within the bundle.", filled(512)),
        _ => ("", text()),
    }
}

fn answers(operation: &Operation) -> Map<String, Value> {
    let mut out: Map<String, Value> = Map::new();
    for answer in &operation.answers {
        let entry = out.entry(answer.status.to_string()).or_insert_with(|| match answer.content_type {
            "" => json!({"description": answer.about}),
            _ => json!({"description": answer.about, "content": {}}),
        });
        if let Some(content) = entry.get_mut("content").and_then(Value::as_object_mut) {
            content.insert(answer.content_type.to_owned(), json!({"schema": answer.schema}));
        }
    }
    if !operation.is_write() && operation.permission.is_some() && !operation.streams {
        out.insert("304".to_owned(), json!({"description": "Not changed since the ETag of If-None-Match."}));
    }
    for status in problems_of(operation) {
        out.insert(status.to_string(), json!({"$ref": format!("#/components/responses/Problem{status}")}));
    }
    out
}

/// Refusals that are possible.
fn problems_of(operation: &Operation) -> Vec<u16> {
    let mut out = Vec::new();
    let has_path = operation.path.contains('{');
    if operation.permission.is_some() {
        out.push(400);
        out.extend([401, 403]);
    }
    // A stream may be one of an incident.
    if has_path || operation.streams {
        out.push(404);
    }
    if operation.is_write() {
        out.extend([408, 409, 413, 415, 422]);
    }
    if operation.writes_incident {
        out.push(412);
    }
    if operation.permission.is_some() {
        out.push(429);
    }
    out.push(503);
    out.sort_unstable();
    out.dedup();
    out
}

fn problems() -> Map<String, Value> {
    let mut out = Map::new();
    for status in CODES.iter().map(|c| c.status) {
        let codes: Vec<String> = CODES
            .iter()
            .filter(|c| c.status == status)
            .map(|c| format!("`{}`: {}.", c.code, c.title))
            .collect();
        let content = json!({"application/problem+json": {"schema": named("Problem")}});
        let mut answer = json!({"description": codes.join(" "), "content": content});
        let wait = json!({"description": "Seconds to wait.", "schema": whole(0, 86_400)});
        if let (429 | 503, Some(answer)) = (status, answer.as_object_mut()) {
            answer.insert("headers".to_owned(), json!({"Retry-After": wait}));
        }
        out.insert(format!("Problem{status}"), answer);
    }
    out
}
