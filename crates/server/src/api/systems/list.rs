//! `GET /api/v1/systems`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    let system = schema::growing(&[
        schema::need("name", schema::text()),
        schema::need("role", schema::one_of(&["telemetry", "platform", "channel", "rooms", "bridge"])),
        schema::need("ok", schema::flag()),
        schema::need("detail", schema::text()),
    ]);
    Operation::get("/api/v1/systems", "listSystems", list)
        .tag("Server")
        .needs(Permission::Settings)
        .summary("What is configured, and whether it works")
        .about("Asks every system now, all at once; one that does not answer within 8 seconds does not work.")
        .answers(200, "All of them.", schema::object(&[schema::need("systems", schema::list(system))]))
}

/// Asks all.
pub(crate) async fn list(State(app): State<Shared>, _: Person) -> Json<Value> {
    let systems: Vec<Value> = app
        .state
        .systems
        .check()
        .await
        .into_iter()
        .map(|c| json!({"name": c.health.name, "role": c.role, "ok": c.health.ok, "detail": c.health.detail}))
        .collect();
    Json(json!({"systems": systems}))
}
