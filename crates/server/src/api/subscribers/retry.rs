//! `POST /api/v1/subscribers/{id}/retry`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::api::Fields;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;
use crate::status;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/subscribers/{id}/retry", "retrySubscriber", retry)
        .tag("Maintenance")
        .needs(Permission::Subscribers)
        .summary("Send again what could not be delivered to a subscriber")
        .body(schema::object(&[]))
        .answers(200, "How many are sent again.", schema::object(&[schema::need("sent", schema::count())]))
}

/// Sends them again.
pub(crate) async fn retry(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    fields: Fields,
) -> Result<Json<Value>, Problem> {
    fields.end()?;
    let sent = status::retry(&app, &person.name, segments.get("id")).await?;
    Ok(Json(json!({"sent": sent})))
}
