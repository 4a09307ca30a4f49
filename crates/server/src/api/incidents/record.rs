//! `GET /api/v1/incidents/{id}/record`: the events themselves, for a replay.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::access;
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// All events, ascending.
pub(crate) async fn record(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let (_, records) = access::load(&app, &person, &id).await?;
    Ok(Json(json!({"records": records})))
}
