//! `GET /`, its live part and its stream.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::view::{self, List};
use crate::api::incidents::filter_of;
use crate::follow::{self, From};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::{App, Shared};
use crate::ui::guard::Visitor;
use crate::ui::pages;

/// The page.
pub(crate) async fn page(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Response, Problem> {
    let list = load(&app, &visitor, &query).await?;
    pages::whole(&app, Some(&visitor), "incidents.html", StatusCode::OK, list)
}

/// Its live part.
pub(crate) async fn fragment(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Response, Problem> {
    let list = load(&app, &visitor, &query).await?;
    pages::part(&app, &visitor, "incidents_live.html", list)
}

/// Tells when to fetch it again.
pub(crate) async fn stream(
    State(app): State<Shared>,
    visitor: Visitor,
    headers: HeaderMap,
    query: Pairs,
) -> Result<Response, Problem> {
    let from = From::of(&headers, &query)?.unwrap_or(From::Now);
    follow::stream(&app, visitor.person, None, from).await
}

async fn load(app: &App, visitor: &Visitor, query: &Pairs) -> Result<List, Problem> {
    let mut filter = filter_of(query, &visitor.person)?;
    filter.limit = view::PAGE + 1;
    let wanted = filter.clone();
    let (position, incidents) =
        app.read(move |reader| Ok((reader.position()?, reader.incidents(&wanted)?))).await?;
    Ok(view::list(&incidents, &filter, position, &visitor.person, app.now()))
}
