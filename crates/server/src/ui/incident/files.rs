//! The postmortem and the bundle, for a browser.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::access;
use crate::download;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::guard::Visitor;

/// `GET /incidents/{id}/postmortem?original=`.
pub(crate) async fn postmortem(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    query: Pairs,
) -> Result<Response, Problem> {
    let (incident, records) = access::load(&app, &visitor.person, &id).await?;
    let original = query.get("original").is_some();
    download::postmortem(&app, &incident, &records, download::Form::Html, original).await
}

/// `GET /incidents/{id}/postmortem.ics`.
pub(crate) async fn invitation(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (incident, _) = access::load(&app, &visitor.person, &id).await?;
    download::invitation(&app, &incident)
}

/// `GET /incidents/{id}/bundle.tar.gz`.
pub(crate) async fn bundle(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (incident, _) = access::load(&app, &visitor.person, &id).await?;
    download::bundle(&app, &incident).await
}
