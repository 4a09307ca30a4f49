//! The postmortem and the bundle, for a browser.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::access;
use crate::download;
use crate::problem::Problem;
use crate::state::Shared;
use crate::ui::guard::Visitor;

/// `GET /incidents/{id}/postmortem`.
pub(crate) async fn postmortem(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (incident, _) = access::load(&app, &visitor.person, &id).await?;
    download::postmortem(&app, &incident, download::Form::Html).await
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
