//! `GET /incidents/{id}`, its live part and its stream.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use firebell_core::comms::Audience;
use firebell_core::evidence::EvidenceRecord;
use firebell_core::incident::Incident;
use firebell_core::telemetry::{TelemetryPart, TopologyEdge};

use super::view::{self, Around, Filter, Tone, View};
use crate::follow::{self, From};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::{App, Shared};
use crate::ui::guard::Visitor;
use crate::ui::pages;
use crate::{access, action};

/// Call relations that a page takes.
const MOST_EDGES: u64 = 2000;

/// The page.
pub(crate) async fn page(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(id): Path<String>,
    query: Pairs,
) -> Response {
    match load(&app, &visitor, &id, &query).await {
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
    query: Pairs,
) -> Result<Response, Problem> {
    let view = load(&app, &visitor, &id, &query).await?;
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

async fn load(app: &App, visitor: &Visitor, id: &str, query: &Pairs) -> Result<View, Problem> {
    let filter = Filter::read(query)?;
    // Before the record: what is written between both comes by the stream.
    let position = app.read(|reader| reader.position()).await?;
    let (incident, records) = access::load(app, &visitor.person, id).await?;
    let edges = edges(app, &incident).await?;
    let roster = app.state.oncall.roster();
    let tone: Tone = Audience::ALL.map(|audience| action::knows(app, &incident, audience)).into();
    let around = Around {
        tone: &tone,
        position,
        edges: &edges,
        roster: &roster,
        templates: &app.state.templates,
        filter: &filter,
        public_url: &app.state.public_url,
        hold: query.get("hold").is_some(),
    };
    Ok(view::of(&incident, &records, &visitor.person, app.state.handle.policy(), &around, app.now()))
}

/// Who calls whom, as the newest evidence has it.
async fn edges(app: &App, incident: &Incident) -> Result<Vec<TopologyEdge>, Problem> {
    let likely = |e: &&EvidenceRecord| {
        let query = e.query.to_lowercase();
        (1..=MOST_EDGES).contains(&e.items)
            && ["call relations", "dependenc", "topology"].iter().any(|word| query.contains(word))
    };
    let hashes: Vec<String> =
        incident.evidence.iter().rev().filter(likely).take(3).map(|e| e.sha256.clone()).collect();
    app.read(move |reader| {
        for sha in &hashes {
            if let Some(blob) = reader.blob_get(sha)?
                && let Ok(TelemetryPart::Topology(edges)) = serde_json::from_slice(&blob)
            {
                return Ok(edges);
            }
        }
        Ok(Vec::new())
    })
    .await
}
