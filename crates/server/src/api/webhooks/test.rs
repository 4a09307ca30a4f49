//! `POST /api/v1/webhooks/{id}/test`.

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
    Operation::post("/api/v1/webhooks/{id}/test", "testWebhook", test)
        .tag("Webhooks")
        .needs(Permission::Webhooks)
        .summary("Send a test to a webhook, also where it is switched off")
        .body(schema::object(&[]))
        .answers(
            200,
            "It is on its way; see the deliveries.",
            schema::object(&[schema::need("sent", schema::flag())]),
        )
}

/// Sends it.
pub(crate) async fn test(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    fields: Fields,
) -> Result<Json<Value>, Problem> {
    fields.end()?;
    webhooks::send_test(&app, &person.name, segments.get("id")).await?;
    Ok(Json(json!({"sent": true})))
}
