//! `GET /api/v1/services?q=&state=&limit=&cursor=`.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde_json::Value;

use super::{ask, shown};
use crate::api::paging::Paging;
use crate::api::spec::{Operation, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::services::sum;

const PAGING: Paging = Paging { field: "services", usual: 100, most: 1000, sorts: &["name"] };

/// Its declaration.
pub(super) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/services", "listServices", list)
        .tag("Services")
        .summary("Services, by name")
        .about("Those of the catalogue, and those that incidents of the last 90 days, firing alerts or changes of the last 30 days have named. `slo` is the error budget of 30 days as recorded incidents spent it.")
        .query("q", "With this text in the name, in another name of it, or in its owner.", schema::up_to(200))
        .query("state", "Only those that do like this.", schema::one_of(&sum::State::ALL.map(sum::State::key)));
    PAGING.declare(operation, schema::named("Service"))
}

/// By name.
pub(crate) async fn list(
    State(app): State<Shared>,
    person: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = PAGING.read::<String>(&query)?;
    let state = match query.get("state") {
        None => None,
        Some(key) => Some(sum::State::ALL.into_iter().find(|s| s.key() == key).ok_or_else(|| {
            let all = sum::State::ALL.map(sum::State::key).join(", ");
            Problem::bad_request("state", format!("is none of {all}"))
        })?),
    };
    let wanted = query.get("q").unwrap_or_default().to_lowercase();
    let (after, most) = (asked.after.clone(), asked.limit + 1);
    let rows: Vec<Value> = ask(&app, person, move |sums, policy, now| {
        sums.iter()
            .filter(|(name, _)| after.as_ref().is_none_or(|after| **name > after.as_str()))
            .filter(|(name, sum)| sum.is_hit(name, &wanted) && state.is_none_or(|s| sum.state() == s))
            .take(most)
            .map(|(name, sum)| shown(name, sum, policy, now))
            .collect()
    })
    .await?;
    Ok(PAGING.answer(&uri, &asked, rows, |row| row["name"].as_str().unwrap_or_default().to_owned()))
}
