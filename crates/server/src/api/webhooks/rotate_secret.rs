//! `POST /api/v1/webhooks/{id}/secret`.

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
    Operation::post("/api/v1/webhooks/{id}/secret", "rotateWebhookSecret", rotate_secret)
        .tag("Webhooks")
        .needs(Permission::Webhooks)
        .summary("Give a webhook another secret")
        .about("The old one signs beside it for a day.")
        .body(schema::object(&[]))
        .answers(
            200,
            "The secret, shown here and never again.",
            schema::object(&[schema::need("secret", schema::text())]),
        )
}

/// Gives it.
pub(crate) async fn rotate_secret(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    fields: Fields,
) -> Result<Json<Value>, Problem> {
    fields.end()?;
    let secret = webhooks::rotate_secret(&app, &person.name, segments.get("id")).await?;
    Ok(Json(json!({"secret": secret})))
}
