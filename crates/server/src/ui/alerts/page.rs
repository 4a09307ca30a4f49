//! `GET /alerts` and its live part.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use firebell_core::ports::store::AlertFilter;

use super::view::{self, Alerts, Wanted};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::archive;
use crate::ui::guard::Visitor;
use crate::ui::pages;

/// Alerts that are looked at, last seen first.
pub(super) const LOOKED_AT: usize = 5_000;

/// The page.
pub(crate) async fn page(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Response, Problem> {
    let view = load(&app, &visitor, &query).await?;
    pages::whole(&app, Some(&visitor), "alerts.html", StatusCode::OK, view)
}

/// Its live part.
pub(crate) async fn fragment(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Response, Problem> {
    let view = load(&app, &visitor, &query).await?;
    pages::part(&app, &visitor, "alerts_live.html", view)
}

async fn load(app: &Shared, visitor: &Visitor, query: &Pairs) -> Result<Alerts, Problem> {
    let wanted = Wanted {
        firing: match query.get("state") {
            None | Some("firing") => true,
            Some("resolved") => false,
            Some(_) => return Err(Problem::bad_request("state", "is neither firing nor resolved")),
        },
        service: query.get("service").unwrap_or_default().to_owned(),
        q: query.get("q").unwrap_or_default().to_owned(),
    };
    let filter = AlertFilter {
        firing: Some(wanted.firing),
        incident: None,
        limit: LOOKED_AT,
        ..AlertFilter::default()
    };
    let (position, alerts, silences) =
        app.read(move |reader| Ok((reader.position()?, reader.alerts(&filter)?, reader.silences()?))).await?;
    let (person, now) = (visitor.person.clone(), app.now());
    let policy = Arc::clone(app.state.handle.policy());
    archive::look(app, move |known| {
        view::of(known, alerts, &silences, &wanted, &policy, &person, position, now)
    })
    .await
}
