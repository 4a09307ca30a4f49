//! `GET …/postmortem.md`, `…/postmortem.html`, `…/postmortem.ics`, `…/bundle.tar.gz`, `…/bundle/{path}`: what outlives an incident.

use axum::extract::State;
use axum::response::Response;

use crate::access;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::Person;
use crate::download;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// Their declarations.
pub(super) fn operations() -> [Operation; 5] {
    let file = |operation: Operation, summary, content_type| {
        operation.tag("Incidents").summary(summary).answers_as(200, "The file.", content_type, schema::text())
    };
    [
        file(
            Operation::get("/api/v1/incidents/{id}/postmortem.md", "showPostmortemMarkdown", markdown),
            "The postmortem as Markdown",
            "text/markdown",
        ),
        file(
            Operation::get("/api/v1/incidents/{id}/postmortem.html", "showPostmortemHtml", html),
            "The postmortem as a page",
            "text/html",
        ),
        file(
            Operation::get("/api/v1/incidents/{id}/postmortem.ics", "showPostmortemInvitation", invitation),
            "The invitation to the postmortem's meeting",
            "text/calendar",
        ),
        file(
            Operation::get("/api/v1/incidents/{id}/bundle.tar.gz", "downloadBundle", bundle),
            "The evidence bundle as one file",
            "application/gzip",
        ),
        file(
            Operation::get("/api/v1/incidents/{id}/bundle/{*path}", "downloadBundleFile", bundle_file),
            "One file of the evidence bundle",
            "application/octet-stream",
        ),
    ]
}

/// The postmortem as Markdown.
pub(crate) async fn markdown(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    query: Pairs,
) -> Result<Response, Problem> {
    let (incident, records) = access::load(&app, &person, segments.get("id")).await?;
    let original = query.get("original").is_some();
    download::postmortem(&app, &incident, &records, download::Form::Markdown, original).await
}

/// The postmortem as a page.
pub(crate) async fn html(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    query: Pairs,
) -> Result<Response, Problem> {
    let (incident, records) = access::load(&app, &person, segments.get("id")).await?;
    let original = query.get("original").is_some();
    download::postmortem(&app, &incident, &records, download::Form::Html, original).await
}

/// The invitation to the postmortem's meeting.
pub(crate) async fn invitation(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<Response, Problem> {
    let (incident, _) = access::load(&app, &person, segments.get("id")).await?;
    download::invitation(&app, &incident)
}

/// The evidence bundle as one file.
pub(crate) async fn bundle(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<Response, Problem> {
    let (incident, _) = access::load(&app, &person, segments.get("id")).await?;
    download::bundle(&app, &incident).await
}

/// One file of the bundle.
pub(crate) async fn bundle_file(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<Response, Problem> {
    let (incident, _) = access::load(&app, &person, segments.get("id")).await?;
    download::bundle_file(&app, &incident, segments.get("path")).await
}
