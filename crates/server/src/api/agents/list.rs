//! `GET /api/v1/agents`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::api::spec::{Operation, schema};
use crate::auth::Person;
use crate::state::Shared;

/// Its declaration.
pub(crate) fn operation() -> Operation {
    let body = schema::object(&[schema::need("agents", schema::list(schema::named("Agent")))]);
    Operation::get("/api/v1/agents", "listAgents", list)
        .tag("Evidence")
        .summary("The agents: purpose, phases, tools, tier")
        .answers(200, "All of them.", body)
}

/// All agents: name, purpose, phases, tools, tier.
pub(crate) async fn list(State(app): State<Shared>, _: Person) -> Json<Value> {
    Json(json!({"agents": app.state.agents}))
}
