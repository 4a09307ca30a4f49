//! `GET /`, its live part and its stream.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::view::{self, Home};
use crate::follow::{self, From};
use crate::oncall;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::archive;
use crate::ui::guard::Visitor;
use crate::ui::pages;

/// The page.
pub(crate) async fn page(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Problem> {
    let home = load(&app, &visitor).await?;
    pages::whole(&app, Some(&visitor), "home.html", StatusCode::OK, home)
}

/// Its live part.
pub(crate) async fn fragment(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Problem> {
    let home = load(&app, &visitor).await?;
    pages::part(&app, &visitor, "home_live.html", home)
}

/// Tells when to fetch it again; also for other pages that show many incidents.
pub(crate) async fn stream(
    State(app): State<Shared>,
    visitor: Visitor,
    headers: HeaderMap,
    query: Pairs,
) -> Result<Response, Problem> {
    let from = From::of(&headers, &query)?.unwrap_or(From::Now);
    follow::stream(&app, visitor.person, None, from).await
}

async fn load(app: &Shared, visitor: &Visitor) -> Result<Home, Problem> {
    // Before the look: what is written between both comes by the stream.
    let position = app.read(|reader| reader.position()).await?;
    let (person, now) = (visitor.person.clone(), app.now());
    let policy = Arc::clone(app.state.handle.policy());
    let roster = oncall::roster(app).await?;
    archive::look(app, move |known| view::of(known, (&policy, &roster), &person, position, now)).await
}
