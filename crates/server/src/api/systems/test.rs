//! `POST /api/v1/systems/test {name}`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/systems/test", "testChannel", test)
        .tag("Server")
        .needs(Permission::Settings)
        .summary("Send a test message by a channel")
        .body(schema::object(&[schema::need("name", schema::filled(200))]))
        .answers(200, "The channel took it.", schema::object(&[schema::need("sent", schema::flag())]))
}

/// Sends it.
pub(crate) async fn test(
    State(app): State<Shared>,
    person: Person,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let name = fields.need("name")?;
    fields.end()?;
    let systems = &app.state.systems;
    if !systems.notifiers.iter().any(|n| n.name() == name) {
        return Err(Problem::invalid("name", "is no channel: see /api/v1/systems"));
    }
    let link = format!("{}/settings", app.state.public_url.trim_end_matches('/'));
    match systems.say(&name, &person.name, &link).await {
        Ok(()) => Ok(Json(json!({"sent": true}))),
        Err(reason) => Err(Problem::conflict(format!("{name} did not take it: {reason}"))),
    }
}
