//! `GET /api/v1/events`: server-sent events of all incidents that the person may see.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::auth::Person;
use crate::follow::{self, From};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// From a position (`after` or `Last-Event-ID`), else from now.
pub(crate) async fn follow(
    State(app): State<Shared>,
    person: Person,
    headers: HeaderMap,
    query: Pairs,
) -> Result<Response, Problem> {
    let from = From::of(&headers, &query)?.unwrap_or(From::Now);
    follow::stream(&app, person, None, from).await
}
