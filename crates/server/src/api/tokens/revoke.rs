//! `DELETE /api/v1/tokens/{id}`.

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::segments::Segments;
use crate::api::spec::Operation;
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::delete("/api/v1/tokens/{id}", "revokeToken", revoke)
        .tag("People")
        .needs(Permission::OwnAccount)
        .summary("Revoke a token: your own, or anybody's as an administrator")
        .answers_nothing("It is good for nothing any more.")
}

/// Revokes it.
pub(crate) async fn revoke(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<StatusCode, Problem> {
    let owner = if person.may(Permission::Tokens) { None } else { Some(person.name.as_str()) };
    if app.directory.revoke_token(&person.name, segments.get("id"), owner).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found("there is no such token: it may have been revoked"))
}
