//! `GET /api/v1/schedules/{name}?from=&until=`.

use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{shifts, shown};
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::oncall;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// Without an end.
const USUAL: SignedDuration = SignedDuration::from_hours(24 * 14);
/// At most.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// Its declaration.
pub(super) fn operation() -> Operation {
    let answer = schema::object(&[schema::need("schedule", schema::named("ScheduleView"))]);
    Operation::get("/api/v1/schedules/{name}", "showSchedule", show)
        .tag("On call")
        .summary("Who is on call when, and why")
        .about("The final schedule with its gaps, and what each layer says on its own. From now on, and two weeks, unless said otherwise; a year at most.")
        .query("from", "Beginning.", schema::time())
        .query("until", "End.", schema::time())
        .answers(200, "It.", answer)
}

async fn show(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    query: Pairs,
) -> Result<Json<Value>, Problem> {
    person.allowed(Permission::View)?;
    let now = app.now();
    let from: Timestamp = query.read("from", "an RFC 3339 time")?.unwrap_or(now);
    let until = query.read("until", "an RFC 3339 time")?;
    let until: Timestamp = until.or_else(|| from.checked_add(USUAL).ok()).unwrap_or(from);
    if until <= from || until.duration_since(from) > LONGEST {
        return Err(Problem::bad_request("until", "must be after `from`, by a year at most"));
    }
    let roster = oncall::roster(&app).await?;
    let plan = roster.plan(segments.get("name"));
    let plan = plan.ok_or_else(|| Problem::not_found("there is no schedule of this name"))?;
    let mut whole = shown(&plan, &roster, now);
    let layers: Vec<Value> = plan
        .schedule()
        .layers
        .iter()
        .enumerate()
        .map(|(number, layer)| {
            let own = plan.layer_shifts(number, from, until);
            json!({"name": layer.name, "shadow": layer.shadow, "shifts": shifts(&own, &roster)})
        })
        .collect();
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("shifts".to_owned(), json!(shifts(&plan.shifts(from, until), &roster)));
        fields.insert("gaps".to_owned(), json!(plan.gaps(from, until)));
        fields.insert("layers".to_owned(), json!(layers));
    }
    Ok(Json(json!({"schedule": whole})))
}
