//! `PUT /api/v1/webhooks/{id}`.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::fields;
use crate::api::Fields;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::post::webhooks;
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::put("/api/v1/webhooks/{id}", "updateWebhook", update)
        .tag("Webhooks")
        .needs(Permission::Webhooks)
        .summary("Set all of a webhook but its secret")
        .body(fields::body())
        .answers(200, "The webhook as it is now.", schema::named("Webhook"))
}

/// Sets it.
pub(crate) async fn update(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    body: Fields,
) -> Result<Json<Value>, Problem> {
    let fields = fields::read(body)?;
    Ok(Json(webhooks::update(&app, &person.name, segments.get("id"), fields).await?.shown()))
}
