//! `POST /api/v1/maintenances/{id}/updates`, `/times`, `/complete`, `/cancel`.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::one;
use crate::api::Fields;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;
use crate::status;

/// Their declarations.
pub(super) fn operations() -> [Operation; 4] {
    let body = || schema::may("body", schema::up_to(10_000));
    let stages = schema::one_of(&["in_progress", "verifying"]);
    [
        Operation::post("/api/v1/maintenances/{id}/updates", "updateMaintenance", update)
            .summary("Say something of a maintenance")
            .about("With `status` it is in progress, or verified, from now on. Without, `body` must not be empty.")
            .body(schema::object(&[body(), schema::may("status", stages)])),
        Operation::post("/api/v1/maintenances/{id}/times", "moveMaintenance", times)
            .summary("Move a maintenance, or the end of one that goes on")
            .body(schema::object(&[
                schema::may("starts_at", schema::time()),
                schema::need("ends_at", schema::time()),
            ])),
        Operation::post("/api/v1/maintenances/{id}/complete", "completeMaintenance", complete)
            .summary("End a maintenance that goes on")
            .body(schema::object(&[body()])),
        Operation::post("/api/v1/maintenances/{id}/cancel", "cancelMaintenance", cancel)
            .summary("Call a maintenance off")
            .body(schema::object(&[body()])),
    ]
    .map(|operation| {
        let answer = schema::object(&[schema::need("maintenance", schema::named("Maintenance"))]);
        operation.tag("Maintenance").needs(Permission::Maintenance).answers(200, "It is done.", answer)
    })
}

async fn update(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    person.allowed(Permission::Maintenance)?;
    let body = fields.text("body")?.unwrap_or_default();
    let stage = fields.read("status", "in_progress or verifying")?;
    fields.end()?;
    let m = status::post(&app, &person.name, segments.get("id"), None, &body, stage).await?;
    Ok(one(&m, app.now()))
}

async fn times(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    person.allowed(Permission::Maintenance)?;
    let starts_at = fields.read("starts_at", "an RFC 3339 time")?;
    let required = || Problem::invalid("ends_at", "is required: expected an RFC 3339 time");
    let ends_at = fields.read("ends_at", "an RFC 3339 time")?.ok_or_else(required)?;
    fields.end()?;
    let m = status::set_times(&app, &person.name, segments.get("id"), None, starts_at, ends_at).await?;
    Ok(one(&m, app.now()))
}

async fn complete(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    person.allowed(Permission::Maintenance)?;
    let body = fields.text("body")?.unwrap_or_default();
    fields.end()?;
    let m = status::complete(&app, &person.name, segments.get("id"), None, &body).await?;
    Ok(one(&m, app.now()))
}

async fn cancel(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    person.allowed(Permission::Maintenance)?;
    let body = fields.text("body")?.unwrap_or_default();
    fields.end()?;
    let m = status::cancel(&app, &person.name, segments.get("id"), None, &body).await?;
    Ok(one(&m, app.now()))
}
