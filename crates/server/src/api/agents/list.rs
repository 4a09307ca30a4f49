//! `GET /api/v1/agents`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::auth::Person;
use crate::state::Shared;

/// All agents: name, purpose, phases, tools, tier.
pub(crate) async fn list(State(app): State<Shared>, _: Person) -> Json<Value> {
    Json(json!({"agents": app.state.agents}))
}
