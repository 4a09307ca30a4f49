//! `GET /api/v1/changes?hours=&limit=&cursor=&sort=`.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use firebell_core::change::Change;
use firebell_core::ports::store::{Reader, StoreResult};
use firebell_core::telemetry::Window;
use jiff::{SignedDuration, Timestamp};

use crate::api::paging::{Asked, Paging};
use crate::api::spec::{Operation, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

const PAGING: Paging = Paging { field: "changes", usual: 1000, most: 10_000, sorts: &["at", "-at"] };
/// Longest look back, in hours.
const MOST_HOURS: i64 = 24 * 366;

/// When a change was, and which.
type Place = (Timestamp, String);

/// Its declaration.
pub(crate) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/changes", "listChanges", list)
        .tag("Changes")
        .summary("Deployments, flags, configuration and other changes of the last hours")
        .query("hours", "How far back; 24 unless said otherwise.", schema::whole(1, MOST_HOURS));
    PAGING.declare(operation, schema::named("Change"))
}

/// Of the last hours (24).
pub(crate) async fn list(
    State(app): State<Shared>,
    _: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let hours: i64 = query.read("hours", "a number of hours")?.unwrap_or(24);
    if !(1..=MOST_HOURS).contains(&hours) {
        return Err(Problem::bad_request("hours", format!("must be 1 to {MOST_HOURS}")));
    }
    let asked = PAGING.read::<Place>(&query)?;
    let end = app.now();
    let start = end.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(end);
    let wanted = asked.clone();
    let rows = app.read(move |reader| page(reader, Window { start, end }, &wanted)).await?;
    Ok(PAGING.answer(&uri, &asked, rows, |change| (change.at, change.id.clone())))
}

/// The store gives the newest of a window: where the newest are wanted first, only as many are read as it takes.
fn page(reader: &dyn Reader, window: Window, asked: &Asked<Place>) -> StoreResult<Vec<Change>> {
    let place = |c: &Change| (c.at, c.id.clone());
    let after = asked.after.as_ref();
    if asked.sort == "at" {
        let start = after.map_or(window.start, |(at, _)| window.start.max(*at));
        let mut rows = reader.changes(Window { start, ..window }, usize::MAX)?;
        rows.retain(|row| after.is_none_or(|after| place(row) > *after));
        return Ok(rows);
    }
    let end = after.map_or(window.end, |(at, _)| window.end.min(*at));
    let mut read = asked.limit + 1;
    loop {
        let mut rows = reader.changes(Window { end, ..window }, read)?;
        let all = rows.len() < read;
        rows.retain(|row| after.is_none_or(|after| place(row) < *after));
        if all || rows.len() > asked.limit {
            rows.reverse();
            return Ok(rows);
        }
        read = read.saturating_mul(2);
    }
}
