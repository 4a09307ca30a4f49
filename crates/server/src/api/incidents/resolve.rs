//! `POST …/resolve {summary}`.

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

/// It is over, says the person.
pub(crate) async fn resolve(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let summary = fields.need("summary")?;
    fields.end()?;
    let decided = action::act(&app, &person, &id, Command::Resolve { summary }).await?;
    Ok(Json(written(&app, &decided).await?))
}
