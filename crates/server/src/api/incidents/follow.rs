//! `GET /api/v1/incidents/{id}/events`: server-sent events of one incident.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::access;
use crate::api::segments::Segments;
use crate::api::spec::Operation;
use crate::auth::Person;
use crate::follow::{self, From};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::get("/api/v1/incidents/{id}/events", "followIncident", follow)
        .tag("Events")
        .summary("Follow one incident, from its first event unless told otherwise")
        .streams()
}

/// From a position (`after` or `Last-Event-ID`), else from the beginning.
pub(crate) async fn follow(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    headers: HeaderMap,
    query: Pairs,
) -> Result<Response, Problem> {
    let (incident, _) = access::load(&app, &person, segments.get("id")).await?;
    let from = From::of(&headers, &query)?.unwrap_or(From::Opening(incident.opened_at));
    follow::stream(&app, person, Some(incident.id), from).await
}
