//! `POST …/notes {text}`.

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

/// Adds to the timeline.
pub(crate) async fn add_note(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let text = fields.need("text")?;
    fields.end()?;
    let decided = action::act(&app, &person, &id, Command::AddNote { text }).await?;
    Ok(Json(written(&app, &decided).await?))
}
