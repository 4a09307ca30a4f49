//! `GET /api/v1/incidents/{id}/timeline?kind=&limit=&cursor=&sort=`: page by page.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use firebell_core::incident::{Entry, describe};

use crate::access;
use crate::api::paging::Paging;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, parts, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

const PAGING: Paging = Paging { field: "timeline", usual: 100, most: 1000, sorts: &["version", "-version"] };

/// Its declaration.
pub(super) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/incidents/{id}/timeline", "listTimeline", timeline)
        .tag("Incidents")
        .summary("The timeline, page by page")
        .query("kind", "Entries of that kind only.", schema::one_of(&parts::ENTRY_KINDS));
    PAGING.declare(operation, schema::named("Entry"))
}

/// Oldest first unless asked otherwise.
pub(crate) async fn timeline(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = PAGING.read::<u64>(&query)?;
    let kind = query.get("kind");
    if let Some(kind) = kind.filter(|kind| !parts::ENTRY_KINDS.contains(kind)) {
        let known = parts::ENTRY_KINDS.join(", ");
        return Err(Problem::bad_request("kind", format!("{kind:?} is none of {known}")));
    }
    let (_, records) = access::load(&app, &person, segments.get("id")).await?;
    let ascending = asked.sort == "version";
    let goes_on = |version: u64| match asked.after {
        None => true,
        Some(after) => {
            if ascending {
                version > after
            } else {
                version < after
            }
        }
    };
    let mut records: Vec<_> = records.iter().filter(|r| goes_on(r.version)).collect();
    if !ascending {
        records.reverse();
    }
    let rows: Vec<Entry> = records
        .into_iter()
        .map(describe)
        .filter(|entry| kind.is_none_or(|kind| entry.kind == kind))
        .take(asked.limit + 1)
        .collect();
    Ok(PAGING.answer(&uri, &asked, rows, |entry| entry.version))
}
