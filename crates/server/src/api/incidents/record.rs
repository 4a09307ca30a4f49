//! `GET /api/v1/incidents/{id}/record`: the events themselves, and what was projected from them, for a replay.

use axum::Json;
use axum::extract::State;
use firebell_core::ids::IncidentId;
use firebell_core::ports::store::{Reader, StoreResult};
use serde_json::{Value, json};

use crate::access;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// Tries at reading all tables between two commits.
const TRIES: usize = 8;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::get("/api/v1/incidents/{id}/record", "showRecord", record)
        .tag("Incidents")
        .summary("The events themselves, and what was projected from them")
        .answers(200, "The record.", schema::named("Record"))
}

/// All events, ascending; the proof of the state, the timers and the effects as they were stored with the last of them.
pub(crate) async fn record(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<Json<Value>, Problem> {
    let (incident, _) = access::load(&app, &person, segments.get("id")).await?;
    let id = incident.id;
    Ok(Json(app.read(move |reader| read(reader, &id)).await?))
}

/// Reads what belongs together: an incident that moves meanwhile is read again, and is answered as it was last seen.
fn read(reader: &dyn Reader, id: &IncidentId) -> StoreResult<Value> {
    let mut answer = Value::Null;
    for _ in 0..TRIES {
        let before = reader.summary(id)?;
        let records = reader.events(id)?;
        let timers = reader.timers(Some(id))?;
        let effects = reader.outbox(Some(id), None, usize::MAX)?;
        let after = reader.summary(id)?;
        let timers: Vec<Value> = timers.iter().map(|t| json!({"key": t.key, "due": t.due})).collect();
        let effects: Vec<Value> = effects
            .iter()
            .map(|row| json!({"key": row.key, "effect": row.effect, "state": row.state, "attempts": row.attempts}))
            .collect();
        let version = before.as_ref().map(|row| row.version);
        let whole = before == after && records.last().map(|r| r.version) == version;
        answer = json!({"records": records, "version": version, "proof": before.and_then(|row| row.proof),
            "timers": timers, "effects": effects});
        if whole {
            break;
        }
    }
    Ok(answer)
}
