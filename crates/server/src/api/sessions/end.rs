//! `DELETE /api/v1/sessions/{id}`.

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::segments::Segments;
use crate::api::spec::Operation;
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::delete("/api/v1/sessions/{id}", "endSession", end)
        .tag("People")
        .needs(Permission::OwnAccount)
        .summary("End a session: your own, or anybody's as an administrator")
        .answers_nothing("It has ended.")
}

/// Ends it.
pub(crate) async fn end(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<StatusCode, Problem> {
    let id = segments.get("id");
    let of = if person.may(Permission::People) { None } else { Some(person.name.as_str()) };
    // What is somebody else's does not exist.
    let known = app.directory.sessions_of(of, app.now()).iter().any(|s| s.id == id);
    if known && app.directory.end(&person.name, id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found("there is no such session: it may have ended"))
}
