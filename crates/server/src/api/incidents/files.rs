//! `GET …/postmortem.md`, `…/postmortem.html`, `…/postmortem.ics`, `…/bundle.tar.gz`, `…/bundle/{path}`: what outlives an incident.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::access;
use crate::auth::Person;
use crate::download;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// The postmortem as Markdown.
pub(crate) async fn markdown(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    query: Pairs,
) -> Result<Response, Problem> {
    let (incident, records) = access::load(&app, &person, &id).await?;
    let original = query.get("original").is_some();
    download::postmortem(&app, &incident, &records, download::Form::Markdown, original).await
}

/// The postmortem as a page.
pub(crate) async fn html(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    query: Pairs,
) -> Result<Response, Problem> {
    let (incident, records) = access::load(&app, &person, &id).await?;
    let original = query.get("original").is_some();
    download::postmortem(&app, &incident, &records, download::Form::Html, original).await
}

/// The invitation to the postmortem's meeting.
pub(crate) async fn invitation(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (incident, _) = access::load(&app, &person, &id).await?;
    download::invitation(&app, &incident)
}

/// The evidence bundle as one file.
pub(crate) async fn bundle(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (incident, _) = access::load(&app, &person, &id).await?;
    download::bundle(&app, &incident).await
}

/// One file of the bundle.
pub(crate) async fn bundle_file(
    State(app): State<Shared>,
    person: Person,
    Path((id, path)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (incident, _) = access::load(&app, &person, &id).await?;
    download::bundle_file(&app, &incident, &path).await
}
