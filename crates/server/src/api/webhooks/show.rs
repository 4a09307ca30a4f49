//! `GET /api/v1/webhooks/{id}`.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::post::webhooks;
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::get("/api/v1/webhooks/{id}", "showWebhook", show)
        .tag("Webhooks")
        .needs(Permission::Webhooks)
        .summary("One webhook")
        .answers(200, "The webhook.", schema::named("Webhook"))
}

/// Without its secret.
pub(crate) async fn show(
    State(app): State<Shared>,
    _: Person,
    segments: Segments,
) -> Result<Json<Value>, Problem> {
    Ok(Json(webhooks::get(&app, segments.get("id")).await?.shown()))
}
