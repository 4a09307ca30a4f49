//! `GET /api/v1/incidents/{id}`.

use axum::Json;
use axum::extract::{Path, State};
use firebell_core::incident::{Entry, describe};
use firebell_report::measured;
use serde_json::{Value, json};

use crate::access;
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// State, timeline, timers, measured times.
pub(crate) async fn show(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let (incident, records) = access::load(&app, &person, &id).await?;
    let key = incident.id.clone();
    let timers = app.read(move |reader| reader.timers(Some(&key))).await?;
    let timers: Vec<Value> = timers.iter().map(|t| json!({"key": t.key, "due": t.due})).collect();
    let timeline: Vec<Entry> = records.iter().map(describe).collect();
    let times = measured(&incident);
    Ok(Json(json!({"incident": incident, "timeline": timeline, "timers": timers, "times": times})))
}
