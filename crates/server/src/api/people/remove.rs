//! `DELETE /api/v1/accounts/{name}`.

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::segments::Segments;
use crate::api::spec::Operation;
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::delete("/api/v1/accounts/{name}", "removeAccount", remove)
        .tag("People")
        .needs(Permission::People)
        .summary("Take an account away, with its sessions and tokens")
        .about("What the person did stays in the record.")
        .answers_nothing("It is gone.")
}

/// Takes it away; nobody takes away their own.
pub(crate) async fn remove(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<StatusCode, Problem> {
    let name = segments.get("name");
    if name.trim().to_lowercase() == person.name.to_lowercase() {
        return Err(Problem::conflict("you cannot remove your own account: another administrator can"));
    }
    app.directory.remove(&person.name, name).await?;
    Ok(StatusCode::NO_CONTENT)
}
