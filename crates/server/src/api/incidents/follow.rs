//! `GET /api/v1/incidents/{id}/events`: server-sent events of one incident.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use crate::access;
use crate::auth::Person;
use crate::follow::{self, From};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// From a position (`after` or `Last-Event-ID`), else from the beginning.
pub(crate) async fn follow(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    headers: HeaderMap,
    query: Pairs,
) -> Result<Response, Problem> {
    let (incident, _) = access::load(&app, &person, &id).await?;
    let from = From::of(&headers, &query)?.unwrap_or(From::Opening(incident.opened_at));
    follow::stream(&app, person, Some(incident.id), from).await
}
