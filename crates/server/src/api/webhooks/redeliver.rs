//! `POST /api/v1/webhooks/{id}/redeliver {delivery}`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::api::Fields;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::post::webhooks;
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/webhooks/{id}/redeliver", "redeliverWebhook", redeliver)
        .tag("Webhooks")
        .needs(Permission::Webhooks)
        .summary("Send a delivery again, at once and with all its attempts")
        .about("Under the same `webhook-id`: a receiver that keeps ids takes it once.")
        .body(schema::object(&[schema::need("delivery", schema::filled(200))]))
        .answers(200, "It is on its way.", schema::object(&[schema::need("delivery", schema::text())]))
}

/// Puts it in again.
pub(crate) async fn redeliver(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let delivery = fields.need("delivery")?;
    fields.end()?;
    webhooks::redeliver(&app, &person.name, segments.get("id"), &delivery).await?;
    Ok(Json(json!({"delivery": delivery})))
}
