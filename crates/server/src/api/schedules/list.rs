//! `GET /api/v1/schedules`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::shown;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::oncall;
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    let answer = schema::object(&[schema::need("schedules", schema::list(schema::named("Schedule")))]);
    Operation::get("/api/v1/schedules", "listSchedules", list)
        .tag("On call")
        .summary("Who is on call now, by schedule")
        .about("`since` and `until` say from when until when the same people are on; null where that is further away than 400 days. `next` is who comes then.")
        .answers(200, "As it is now.", answer)
}

async fn list(State(app): State<Shared>, person: Person) -> Result<Json<Value>, Problem> {
    person.allowed(Permission::View)?;
    let roster = oncall::roster(&app).await?;
    let now = app.now();
    let all: Vec<Value> = roster.plans().values().map(|plan| shown(plan, &roster, now)).collect();
    Ok(Json(json!({"schedules": all})))
}
