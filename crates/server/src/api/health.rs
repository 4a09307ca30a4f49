//! `GET /healthz` and `GET /readyz`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::state::Shared;

/// The process answers.
pub(crate) async fn live() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// The store answers too.
pub(crate) async fn ready(State(app): State<Shared>) -> Result<Json<Value>, Problem> {
    app.read(|reader| reader.position()).await?;
    Ok(Json(json!({"status": "ok"})))
}
