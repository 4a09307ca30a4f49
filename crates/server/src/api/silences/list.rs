//! `GET /api/v1/silences?state=&limit=&cursor=`.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use firebell_integrations::alertmanager::api::{GettableSilence, SilenceFilter, gettable_silences};
use jiff::Timestamp;

use crate::api::paging::Paging;
use crate::api::spec::{Operation, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

const PAGING: Paging =
    Paging { field: "silences", usual: 1000, most: 10_000, sorts: &["state", "endsAt", "-endsAt"] };
/// In the order of the list.
const STATES: [&str; 3] = ["active", "pending", "expired"];

/// State's rank, end, id.
type Place = (usize, Timestamp, String);

/// Its declaration.
pub(crate) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/silences", "listSilences", list)
        .tag("Silences")
        .summary("Silences: active, pending, expired; by end within each")
        .query("state", "Of that state only.", schema::one_of(&STATES));
    PAGING.declare(operation, schema::named("Silence"))
}

/// Active, pending, expired; each with its state.
pub(crate) async fn list(
    State(app): State<Shared>,
    _: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = PAGING.read::<Place>(&query)?;
    let state = query.get("state");
    if let Some(state) = state.filter(|state| !STATES.contains(state)) {
        return Err(Problem::bad_request("state", format!("{state:?} is none of {}", STATES.join(", "))));
    }
    let silences = app.read(|reader| reader.silences()).await?;
    let mut rows = gettable_silences(&silences, &SilenceFilter::default(), app.now());
    rows.retain(|row| state.is_none_or(|state| row.status.state == state));
    let by_state = asked.sort == "state";
    let place = |row: &GettableSilence| -> Place {
        let rank = STATES.iter().position(|s| *s == row.status.state).unwrap_or(STATES.len());
        (if by_state { rank } else { 0 }, row.ends_at, row.id.clone())
    };
    rows.sort_by_cached_key(place);
    if asked.sort == "-endsAt" {
        rows.reverse();
        rows.retain(|row| asked.after.as_ref().is_none_or(|after| place(row) < *after));
    } else {
        rows.retain(|row| asked.after.as_ref().is_none_or(|after| place(row) > *after));
    }
    Ok(PAGING.answer(&uri, &asked, rows, place))
}
