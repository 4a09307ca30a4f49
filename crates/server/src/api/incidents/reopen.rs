//! `POST …/reopen {reason}`.

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

/// It is not over.
pub(crate) async fn reopen(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let reason = fields.need("reason")?;
    fields.end()?;
    let decided = action::act(&app, &person, &id, Command::Reopen { reason }).await?;
    Ok(Json(written(&app, &decided).await?))
}
