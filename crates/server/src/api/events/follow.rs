//! `GET /api/v1/events`: server-sent events of all incidents that the person may see, or of one of them.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::access;
use crate::api::spec::{Operation, schema};
use crate::auth::Person;
use crate::follow::{self, From};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// Its declaration.
pub(crate) fn operation() -> Operation {
    Operation::get("/api/v1/events", "followEvents", follow)
        .tag("Events")
        .summary("Follow everything, from now unless told otherwise")
        .about("A broken connection is resumed with `Last-Event-ID`; nothing is lost or told twice. Comments keep the connection open. Lists of incidents tell in `Firebell-Position` from where to go on.")
        .query("incident", "Of that incident only.", schema::up_to(64))
        .streams()
}

/// From a position (`after` or `Last-Event-ID`), else from now.
pub(crate) async fn follow(
    State(app): State<Shared>,
    person: Person,
    headers: HeaderMap,
    query: Pairs,
) -> Result<Response, Problem> {
    let from = From::of(&headers, &query)?.unwrap_or(From::Now);
    let only = match query.get("incident") {
        None => None,
        Some(id) => Some(
            access::load(&app, &person, id)
                .await
                .map_err(|p| Problem { field: Some("incident".to_owned()), ..p })?
                .0
                .id,
        ),
    };
    follow::stream(&app, person, only, from).await
}
