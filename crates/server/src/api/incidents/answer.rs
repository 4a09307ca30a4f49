//! What every write answers: the incident's id and version, and what happened in words.

use firebell_core::incident::{Entry, describe};
use firebell_engine::machine::Decided;
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::state::App;

/// `{"id", "version", "events"}`; no events for a repeated command.
pub(crate) async fn written(app: &App, decided: &Decided) -> Result<Value, Problem> {
    let version = match decided.records.last() {
        Some(record) => record.version,
        None => {
            let id = decided.incident.clone();
            app.read(move |reader| reader.events(&id)).await?.last().map_or(0, |r| r.version)
        }
    };
    let events: Vec<Entry> = decided.records.iter().map(describe).collect();
    Ok(json!({"id": decided.incident, "version": version, "events": events}))
}
