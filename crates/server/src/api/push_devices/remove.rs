//! `DELETE /api/v1/push-devices/{id}`.

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::segments::Segments;
use crate::api::spec::Operation;
use crate::auth::{Permission, Person};
use crate::post::push;
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::delete("/api/v1/push-devices/{id}", "removePushDevice", remove)
        .tag("Notifications")
        .needs(Permission::Subscribe)
        .summary("Have a device of yours show no notifications any more")
        .answers_nothing("It is gone.")
}

/// Takes it away.
pub(crate) async fn remove(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<StatusCode, Problem> {
    push::remove(&app, &person.name, segments.get("id")).await?;
    Ok(StatusCode::NO_CONTENT)
}
