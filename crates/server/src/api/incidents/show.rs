//! `GET /api/v1/incidents/{id}`.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use firebell_core::incident::{Entry, describe};
use firebell_report::measured;
use serde_json::{Value, json};

use crate::access;
use crate::api::gate::version_tag;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::get("/api/v1/incidents/{id}", "showIncident", show)
        .tag("Incidents")
        .summary("One incident: state, timeline, timers, measured times")
        .about("Its ETag is its version in quotes, as `If-Match` of a write takes it.")
        .answers(200, "The incident.", schema::named("IncidentView"))
}

/// State, timeline, timers, measured times.
pub(crate) async fn show(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<Response, Problem> {
    let (incident, records) = access::load(&app, &person, segments.get("id")).await?;
    let key = incident.id.clone();
    let timers = app.read(move |reader| reader.timers(Some(&key))).await?;
    let timers: Vec<Value> = timers.iter().map(|t| json!({"key": t.key, "due": t.due})).collect();
    let timeline: Vec<Entry> = records.iter().map(describe).collect();
    let (times, tag) = (measured(&incident), version_tag(incident.version));
    let body = json!({"incident": incident, "timeline": timeline, "timers": timers, "times": times});
    Ok(([(header::ETAG, tag)], Json(body)).into_response())
}
