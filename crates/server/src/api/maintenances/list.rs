//! `GET /api/v1/maintenances?status=&limit=&cursor=`.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::Timestamp;

use super::shown;
use crate::api::paging::Paging;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::status;

const PAGING: Paging =
    Paging { field: "maintenances", usual: 100, most: 1000, sorts: &["-starts_at", "starts_at"] };
const STATES: [&str; 5] = ["scheduled", "in_progress", "verifying", "completed", "cancelled"];

/// Start, id.
type Place = (Timestamp, String);

/// Its declaration.
pub(super) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/maintenances", "listMaintenances", list)
        .tag("Maintenance")
        .summary("Maintenance that was announced")
        .query("status", "Of that status only.", schema::one_of(&STATES));
    PAGING.declare(operation, schema::named("Maintenance"))
}

async fn list(
    State(app): State<Shared>,
    person: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    person.allowed(Permission::View)?;
    let asked = PAGING.read::<Place>(&query)?;
    let status = query.get("status");
    if let Some(status) = status.filter(|status| !STATES.contains(status)) {
        return Err(Problem::bad_request("status", format!("{status:?} is none of {}", STATES.join(", "))));
    }
    let now = app.now();
    let mut rows = status::list(&app).await?;
    rows.retain(|m| status.is_none_or(|status| m.stage(now).as_str() == status));
    let place = |m: &status::Maintenance| -> Place { (m.starts_at, m.id.clone()) };
    if asked.sort == "-starts_at" {
        rows.reverse();
        rows.retain(|m| asked.after.as_ref().is_none_or(|after| place(m) < *after));
    } else {
        rows.retain(|m| asked.after.as_ref().is_none_or(|after| place(m) > *after));
    }
    let rows: Vec<_> = rows.into_iter().map(|m| (place(&m), shown(&m, now))).collect();
    Ok(PAGING.answer(&uri, &asked, rows.into_iter().map(Row::from).collect(), |row: &Row| row.place.clone()))
}

/// A maintenance with its place in the list.
#[derive(serde::Serialize)]
struct Row {
    #[serde(skip)]
    place: Place,
    #[serde(flatten)]
    shown: serde_json::Value,
}

impl From<(Place, serde_json::Value)> for Row {
    fn from((place, shown): (Place, serde_json::Value)) -> Self {
        Self { place, shown }
    }
}
