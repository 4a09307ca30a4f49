//! `GET /incidents`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::view::{self, Cursor};
use crate::api::incidents::filter_of;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::archive;
use crate::ui::guard::Visitor;
use crate::ui::pages;

/// The list.
pub(crate) async fn page(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Response, Problem> {
    let filter = filter_of(&query, &visitor.person)?;
    let after = Cursor::read(&query)?;
    let (person, now) = (visitor.person.clone(), app.now());
    let list =
        archive::look(&app, move |known| view::list(known, &filter, after.as_ref(), &person, now)).await?;
    pages::whole(&app, Some(&visitor), "incidents.html", StatusCode::OK, list)
}
