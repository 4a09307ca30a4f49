//! `PATCH /api/v1/push-devices/{id}`.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::shown;
use crate::api::Fields;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::post::push;
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::patch("/api/v1/push-devices/{id}", "changePushDevice", change)
        .tag("Notifications")
        .needs(Permission::Subscribe)
        .summary("Set whether a device of yours hears of every new SEV1 and SEV2")
        .body(schema::object(&[schema::need("news", schema::flag())]))
        .answers(200, "The device.", schema::named("PushDevice"))
}

/// Changes it.
pub(crate) async fn change(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let news = fields.flag("news")?;
    let news = news.ok_or_else(|| Problem::invalid("news", "is required: expected true or false"))?;
    fields.end()?;
    Ok(Json(shown(&push::set_news(&app, &person.name, segments.get("id"), news).await?)))
}
