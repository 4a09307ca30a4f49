//! `GET /healthz`, `GET /readyz` and the API's own description: open to all.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::spec::{self, Operation, schema};
use crate::problem::Problem;
use crate::state::Shared;

/// Their declarations.
pub(super) fn operations() -> [Operation; 3] {
    [
        Operation::get("/healthz", "isAlive", live)
            .tag("Server")
            .open()
            .summary("The process answers")
            .answers(200, "It does.", schema::named("Health")),
        Operation::get("/readyz", "isReady", ready)
            .tag("Server")
            .open()
            .summary("The store answers too")
            .answers(200, "It does.", schema::named("Health")),
        Operation::get("/api/v1/openapi.json", "showOpenApi", spec::show)
            .tag("Server")
            .open()
            .summary("This document")
            .answers(200, "OpenAPI 3.1.", json!({"type": "object"})),
    ]
}

/// The process answers.
pub(crate) async fn live() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// The store answers too.
pub(crate) async fn ready(State(app): State<Shared>) -> Result<Json<Value>, Problem> {
    app.read(|reader| reader.position()).await?;
    Ok(Json(json!({"status": "ok"})))
}
