//! `POST …/ack`.

use axum::Json;
use axum::extract::{Path, State};
use firebell_core::incident::Command;
use serde_json::Value;

use super::written;
use crate::action;
use crate::api::Fields;
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// Takes the incident.
pub(crate) async fn acknowledge(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Json<Value>, Problem> {
    fields.end()?;
    let decided = action::act(&app, &person, &id, Command::Acknowledge).await?;
    Ok(Json(written(&app, &decided).await?))
}
