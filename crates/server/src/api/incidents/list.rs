//! `GET /api/v1/incidents?open=&severity=&service=&q=&before=&limit=&cursor=&sort=`.

use axum::extract::State;
use axum::http::{HeaderValue, Uri};
use axum::response::Response;
use firebell_core::ports::store::{IncidentFilter, IncidentPlace, IncidentSort};

use crate::access;
use crate::api::paging::Paging;
use crate::api::spec::{Operation, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// Most incidents of one answer.
const MOST: usize = 1000;

const PAGING: Paging =
    Paging { field: "incidents", usual: 100, most: MOST, sorts: &["-opened_at", "opened_at", "severity"] };

/// Its declaration.
pub(super) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/incidents", "listIncidents", list)
        .tag("Incidents")
        .summary("Incidents")
        .about("Newest first, or as `sort` says; `severity` is the worst first, and the newest of each. The header `Firebell-Position` says from where GET /api/v1/events goes on without a gap.")
        .query("open", "Those that are not over (true), or those that are (false).", schema::flag())
        .query("severity", "Severities, with commas between them.", serde_json::json!({"type": "string", "pattern": "^SEV[1-4](,SEV[1-4])*$"}))
        .query("service", "Of that service.", schema::up_to(1024))
        .query("q", "All of these words in id or title.", schema::up_to(1024))
        .query("before", "Opened before; `cursor` pages without gaps.", schema::time());
    PAGING.declare(operation, schema::named("IncidentSummary"))
}

/// Newest first; `severity` may be given several times or with commas.
pub(crate) async fn list(
    State(app): State<Shared>,
    person: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = PAGING.read::<IncidentPlace>(&query)?;
    let sort = match asked.sort {
        "opened_at" => IncidentSort::Oldest,
        "severity" => IncidentSort::Severity,
        _ => IncidentSort::Newest,
    };
    let filter = IncidentFilter {
        sort,
        after: asked.after.clone(),
        limit: asked.limit + 1,
        ..filter_of(&query, &person)?
    };
    // The position first: what comes in between is told twice rather than not at all.
    let (position, incidents) =
        app.read(move |reader| Ok((reader.position()?, reader.incidents(&filter)?))).await?;
    let mut response = PAGING.answer(&uri, &asked, incidents, IncidentPlace::of);
    response.headers_mut().insert("firebell-position", HeaderValue::from(position));
    Ok(response)
}

/// The filter of a query, within what the person may see.
pub(crate) fn filter_of(query: &Pairs, person: &Person) -> Result<IncidentFilter, Problem> {
    let severities = query
        .iter()
        .filter(|(name, _)| *name == "severity")
        .flat_map(|(_, value)| value.split(','))
        .filter(|value| !value.is_empty())
        .map(|value| value.parse().map_err(|why: String| Problem::bad_request("severity", why)))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(IncidentFilter {
        open: query.read("open", "true or false")?,
        severities,
        service: query.get("service").map(str::to_owned),
        text: query.get("q").map(str::to_owned),
        before: query.read("before", "an RFC 3339 time")?,
        limit: query.read("limit", "a number of incidents")?.unwrap_or(100usize).clamp(1, MOST),
        ..access::visible(person)
    })
}
