//! `DELETE /api/v1/subscribers/{id}`.

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::segments::Segments;
use crate::api::spec::Operation;
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;
use crate::status;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::delete("/api/v1/subscribers/{id}", "removeSubscriber", remove)
        .tag("Maintenance")
        .needs(Permission::Subscribers)
        .summary("Take a subscriber away")
        .answers_nothing("They hear nothing any more.")
}

/// Takes them away.
pub(crate) async fn remove(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<StatusCode, Problem> {
    status::remove(&app, &person.name, segments.get("id")).await?;
    Ok(StatusCode::NO_CONTENT)
}
