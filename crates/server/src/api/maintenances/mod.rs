//! Maintenance on the status page.

mod act;
mod list;
mod schedule;

use axum::Json;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::spec::Operation;
use crate::status::Maintenance;

/// Their declarations.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![list::operation(), schedule::operation()];
    all.extend(act::operations());
    all
}

/// As it is answered.
fn shown(m: &Maintenance, now: Timestamp) -> Value {
    json!({
        "id": m.id, "title": m.title, "description": m.description, "components": m.components,
        "starts_at": m.starts_at, "ends_at": m.ends_at, "status": m.stage(now),
        "began_at": m.began(now), "ended_at": m.ended(now), "updates": m.updates,
        "created_by": m.created_by, "created_at": m.created_at,
    })
}

/// One of them as an answer.
fn one(m: &Maintenance, now: Timestamp) -> Json<Value> {
    Json(json!({"maintenance": shown(m, now)}))
}
