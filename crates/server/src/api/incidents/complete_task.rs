//! `POST …/tasks/{n}/done`.

use axum::Json;
use axum::extract::{Path, State};
use firebell_core::incident::Command;
use serde_json::Value;

use super::written;
use crate::action;
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// Done.
pub(crate) async fn complete_task(
    State(app): State<Shared>,
    person: Person,
    Path((id, number)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let number = number.parse().map_err(|_| Problem::bad_request("n", "is not a number"))?;
    let decided = action::act(&app, &person, &id, Command::CompleteTask { id: number }).await?;
    Ok(Json(written(&app, &decided).await?))
}
