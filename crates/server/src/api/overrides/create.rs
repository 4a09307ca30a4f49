//! `POST /api/v1/overrides {schedule, kind, …}`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{fields, shown};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::oncall;
use crate::problem::Problem;
use crate::state::Shared;

const OWN: [&str; 14] = [
    "kind",
    "people",
    "person",
    "instead_of",
    "of",
    "from",
    "until",
    "first",
    "first_from",
    "first_until",
    "second",
    "second_from",
    "second_until",
    "reason",
];

/// Its declaration.
pub(super) fn operation() -> Operation {
    let finding = schema::growing(&[
        schema::need("weight", schema::one_of(&["error", "warning", "note"])),
        schema::need("field", schema::text()),
        schema::need("problem", schema::text()),
        schema::need("advice", schema::text()),
    ]);
    Operation::post("/api/v1/overrides", "createOverride", create)
        .tag("On call")
        .needs(Permission::OnCall)
        .summary("Put somebody else on call for a while")
        .about("`override` puts `people` on; `cover` puts `person` on wherever `instead_of` would be; `swap` gives `second` the first's time and `first` the second's; `shadow` lets `person` go along (with `of`). Times are instants, or local times of the schedule. `findings` is what the checker finds now and did not before, such as too little rest.")
        .body(schema::object(&fields()))
        .answers(
            201,
            "It counts from now on.",
            schema::object(&[
                schema::need("override", schema::named("Override")),
                schema::need("findings", schema::list(finding)),
            ]),
        )
}

async fn create(
    State(app): State<Shared>,
    person: Person,
    mut fields: Fields,
) -> Result<(StatusCode, Json<Value>), Problem> {
    person.allowed(Permission::OnCall)?;
    let schedule = fields.need("schedule")?;
    let given: Map<String, Value> = OWN
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), fields.take(name).filter(|v| !v.is_null())?)))
        .collect();
    fields.end()?;
    let replacement = oncall::replacement(given, &person.name)?;
    let (kept, findings) = oncall::add(&app, &person.name, &schedule, replacement).await?;
    Ok((StatusCode::CREATED, Json(json!({"override": shown(&kept), "findings": findings}))))
}
