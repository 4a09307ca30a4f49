//! `GET /api/v1/dead-letters`.

use axum::Json;
use axum::extract::State;
use firebell_core::ports::store::OutboxState;
use serde_json::{Value, json};

use crate::auth::{Person, Role};
use crate::problem::Problem;
use crate::state::Shared;

/// Oldest first, at most 1000.
pub(crate) async fn list(State(app): State<Shared>, person: Person) -> Result<Json<Value>, Problem> {
    person.need(Role::Responder)?;
    let rows = app.read(|reader| reader.outbox(None, Some(OutboxState::Dead), 1000)).await?;
    Ok(Json(json!({"effects": rows})))
}
