//! `GET /incidents/{id}`, its live part and its stream.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::view::{self, View};
use crate::access;
use crate::follow::{self, From};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::{App, Shared};
use crate::ui::guard::Visitor;
use crate::ui::pages;

/// The page.
pub(crate) async fn page(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Response {
    match load(&app, &visitor, &id).await {
        Ok(view) => pages::whole(&app, Some(&visitor), "incident.html", StatusCode::OK, view)
            .unwrap_or_else(|problem| pages::error(&app, &visitor, problem)),
        Err(problem) => pages::error(&app, &visitor, problem),
    }
}

/// Its live part.
pub(crate) async fn fragment(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let view = load(&app, &visitor, &id).await?;
    pages::part(&app, &visitor, "incident_live.html", view)
}

/// Tells when to fetch it again.
pub(crate) async fn stream(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    query: Pairs,
) -> Result<Response, Problem> {
    let (incident, _) = access::load(&app, &visitor.person, &id).await?;
    let from = From::of(&headers, &query)?.unwrap_or(From::Now);
    follow::stream(&app, visitor.person, Some(incident.id), from).await
}

async fn load(app: &App, visitor: &Visitor, id: &str) -> Result<View, Problem> {
    // Before the record: what is written between both comes by the stream.
    let position = app.read(|reader| reader.position()).await?;
    let (incident, records) = access::load(app, &visitor.person, id).await?;
    Ok(view::of(&incident, &records, &visitor.person, app.state.handle.policy(), position, app.now()))
}
