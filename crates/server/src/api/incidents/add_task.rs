//! `POST …/tasks {text, role}`.

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

/// A task.
pub(crate) async fn add_task(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let (text, role) = (fields.need("text")?, fields.text("role")?.unwrap_or_default());
    fields.end()?;
    let decided = action::act(&app, &person, &id, Command::AddTask { text, role }).await?;
    Ok(Json(written(&app, &decided).await?))
}
