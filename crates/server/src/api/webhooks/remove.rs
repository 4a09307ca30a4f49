//! `DELETE /api/v1/webhooks/{id}`.

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::segments::Segments;
use crate::api::spec::Operation;
use crate::auth::{Permission, Person};
use crate::post::webhooks;
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::delete("/api/v1/webhooks/{id}", "removeWebhook", remove)
        .tag("Webhooks")
        .needs(Permission::Webhooks)
        .summary("Take a webhook away; what waits for it is not sent")
        .answers_nothing("It is gone.")
}

/// Takes it away.
pub(crate) async fn remove(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<StatusCode, Problem> {
    webhooks::remove(&app, &person.name, segments.get("id")).await?;
    Ok(StatusCode::NO_CONTENT)
}
