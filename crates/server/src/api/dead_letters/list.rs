//! `GET /api/v1/dead-letters?incident=&kind=&limit=&cursor=&sort=`.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use firebell_core::ids::IncidentId;
use firebell_core::ports::store::{OutboxRow, OutboxState};
use firebell_engine::pulse::KINDS;
use jiff::Timestamp;

use crate::access;
use crate::api::paging::Paging;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

const PAGING: Paging =
    Paging { field: "effects", usual: 1000, most: 1000, sorts: &["created_at", "-created_at"] };

/// Its declaration.
pub(crate) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/dead-letters", "listDeadLetters", list)
        .tag("Dead letters")
        .needs(Permission::SeeDead)
        .summary("Effects that were given up: what did not get out")
        .query("incident", "Of that incident.", schema::up_to(64))
        .query("kind", "Of that kind.", schema::one_of(&KINDS));
    PAGING.declare(operation, schema::named("Effect"))
}

/// Oldest first unless asked otherwise.
pub(crate) async fn list(
    State(app): State<Shared>,
    person: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    person.allowed(Permission::SeeDead)?;
    let asked = PAGING.read::<(Timestamp, String)>(&query)?;
    let kind = query.get("kind").map(str::to_owned);
    if let Some(kind) = kind.as_deref().filter(|kind| !KINDS.contains(kind)) {
        return Err(Problem::bad_request("kind", format!("{kind:?} is none of {}", KINDS.join(", "))));
    }
    let incident = query.get("incident").map(IncidentId::new);
    let who = person.clone();
    let mut rows = app
        .read(move |reader| {
            let mut rows = reader.outbox(incident.as_ref(), Some(OutboxState::Dead), usize::MAX)?;
            let mut seen = BTreeMap::new();
            for row in &rows {
                if !seen.contains_key(&row.incident) {
                    let sees = reader.summary(&row.incident)?.is_some_and(|s| access::may_see_row(&who, &s));
                    seen.insert(row.incident.clone(), sees);
                }
            }
            rows.retain(|row| seen.get(&row.incident) == Some(&true));
            Ok(rows)
        })
        .await?;
    rows.retain(|row| kind.as_ref().is_none_or(|kind| row.effect.kind() == kind));
    rows.sort_by_cached_key(place);
    if asked.sort == "-created_at" {
        rows.reverse();
        rows.retain(|row| asked.after.as_ref().is_none_or(|after| place(row) < *after));
    } else {
        rows.retain(|row| asked.after.as_ref().is_none_or(|after| place(row) > *after));
    }
    Ok(PAGING.answer(&uri, &asked, rows, place))
}

fn place(row: &OutboxRow) -> (Timestamp, String) {
    (row.created_at, row.key.to_string())
}
