//! `DELETE /api/v1/overrides/{id}`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::shown;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::oncall;
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::delete("/api/v1/overrides/{id}", "removeOverride", remove)
        .tag("On call")
        .needs(Permission::OnCall)
        .summary("Take an override back")
        .answers(
            200,
            "It no longer counts.",
            schema::object(&[schema::need("override", schema::named("Override"))]),
        )
}

async fn remove(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<Json<Value>, Problem> {
    person.allowed(Permission::OnCall)?;
    let removed = oncall::remove(&app, &person.name, segments.get("id")).await?;
    Ok(Json(json!({"override": shown(&removed)})))
}
