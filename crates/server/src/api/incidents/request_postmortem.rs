//! `POST …/postmortem`.

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

/// Asks for a postmortem though policy does not.
pub(crate) async fn request_postmortem(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Json<Value>, Problem> {
    fields.end()?;
    let decided = action::act(&app, &person, &id, Command::RequestPostmortem).await?;
    Ok(Json(written(&app, &decided).await?))
}
