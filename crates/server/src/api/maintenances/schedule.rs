//! `POST /api/v1/maintenances {title, description?, components, starts_at, ends_at}`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;

use super::one;
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;
use crate::status::{self, Plan};

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/maintenances", "scheduleMaintenance", schedule)
        .tag("Maintenance")
        .needs(Permission::Maintenance)
        .summary("Announce maintenance on the status page")
        .about("It begins and ends by the clock. `components` are names on the status page. Alerts are not silenced.")
        .body(schema::object(&[
            schema::need("title", schema::filled(120)),
            schema::may("description", schema::up_to(10_000)),
            schema::need("components", schema::list(schema::text())),
            schema::need("starts_at", schema::time()),
            schema::need("ends_at", schema::time()),
        ]))
        .answers(201, "It is announced.", schema::object(&[schema::need("maintenance", schema::named("Maintenance"))]))
}

async fn schedule(
    State(app): State<Shared>,
    person: Person,
    mut fields: Fields,
) -> Result<(StatusCode, Json<Value>), Problem> {
    person.allowed(Permission::Maintenance)?;
    let required = |field: &str| Problem::invalid(field, "is required: expected an RFC 3339 time");
    let plan = Plan {
        title: fields.need("title")?,
        description: fields.text("description")?.unwrap_or_default(),
        components: fields.texts("components", 1000)?,
        starts_at: fields.read("starts_at", "an RFC 3339 time")?.ok_or_else(|| required("starts_at"))?,
        ends_at: fields.read("ends_at", "an RFC 3339 time")?.ok_or_else(|| required("ends_at"))?,
    };
    fields.end()?;
    let made = status::schedule(&app, &person.name, plan).await?;
    Ok((StatusCode::CREATED, one(&made, app.now())))
}
