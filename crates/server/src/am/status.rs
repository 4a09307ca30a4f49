//! `GET /api/v2/status`.

use axum::Json;
use axum::extract::State;
use firebell_integrations::alertmanager::api::{Status, status};
use serde_json::Value;

use super::sender::Sender;
use crate::state::Shared;

/// Version and start.
pub(crate) async fn show(State(app): State<Shared>, Sender(_): Sender) -> Json<Value> {
    Json(status(&Status { version: env!("CARGO_PKG_VERSION"), started_at: app.started_at }))
}
