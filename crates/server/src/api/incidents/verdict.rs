//! `GET /api/v1/incidents/{id}/verdict`: `firebell-verdict/1`.

use axum::Json;
use axum::extract::State;
use firebell_core::verdict::Verdict;

use crate::access;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::get("/api/v1/incidents/{id}/verdict", "showVerdict", verdict)
        .tag("Incidents")
        .summary("The latest verdict of the investigation")
        .answers(200, "The verdict.", schema::named("Verdict"))
}

/// The latest verdict.
pub(crate) async fn verdict(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<Json<Verdict>, Problem> {
    let (incident, _) = access::load(&app, &person, segments.get("id")).await?;
    let verdict = incident
        .verdict
        .ok_or_else(|| Problem::not_found("there is no verdict yet: the investigation goes on"))?;
    Ok(Json(verdict))
}
