//! `POST …/cancel {reason}`.

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

/// A false alarm.
pub(crate) async fn cancel(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let reason = fields.need("reason")?;
    fields.end()?;
    let decided = action::act(&app, &person, &id, Command::Cancel { reason }).await?;
    Ok(Json(written(&app, &decided).await?))
}
