//! `GET /api/v1/incidents?open=&severity=&service=&q=&before=&limit=`.

use axum::Json;
use axum::extract::State;
use firebell_core::ports::store::IncidentFilter;
use serde_json::{Value, json};

use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// Most incidents of one answer.
const MOST: usize = 1000;

/// Newest first; `severity` may be given several times or with commas.
pub(crate) async fn list(
    State(app): State<Shared>,
    person: Person,
    query: Pairs,
) -> Result<Json<Value>, Problem> {
    let filter = filter_of(&query, &person)?;
    let incidents = app.read(move |reader| reader.incidents(&filter)).await?;
    Ok(Json(json!({"incidents": incidents})))
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
        include_restricted: person.sees_restricted(),
        member: Some(person.name.clone()),
    })
}
