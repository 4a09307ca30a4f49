//! `GET /api/v1/changes?hours=`.

use axum::Json;
use axum::extract::State;
use firebell_core::telemetry::Window;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// Most changes of one answer.
const MOST: usize = 10_000;

/// Of the last hours (24), ascending.
pub(crate) async fn list(State(app): State<Shared>, _: Person, query: Pairs) -> Result<Json<Value>, Problem> {
    let hours: i64 = query.read("hours", "a number of hours")?.unwrap_or(24);
    if !(1..=24 * 366).contains(&hours) {
        return Err(Problem::bad_request("hours", "must be 1 to 8784"));
    }
    let end = app.now();
    let start = end.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(end);
    let changes = app.read(move |reader| reader.changes(Window { start, end }, MOST)).await?;
    Ok(Json(json!({"changes": changes})))
}
