//! `GET /api/v1/incidents/{id}/verdict`: `firebell-verdict/1`.

use axum::Json;
use axum::extract::{Path, State};
use firebell_core::verdict::Verdict;

use crate::access;
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// The latest verdict.
pub(crate) async fn verdict(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Json<Verdict>, Problem> {
    let (incident, _) = access::load(&app, &person, &id).await?;
    let verdict = incident
        .verdict
        .ok_or_else(|| Problem::not_found("there is no verdict yet: the investigation goes on"))?;
    Ok(Json(verdict))
}
