//! `POST …/merge {into}`.

use axum::Json;
use axum::extract::{Path, State};
use firebell_core::ids::IncidentId;
use firebell_core::incident::Command;
use serde_json::Value;

use super::written;
use crate::action;
use crate::api::Fields;
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// It goes on in another incident.
pub(crate) async fn merge(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let into = IncidentId::new(fields.need("into")?);
    fields.end()?;
    let decided = action::act(&app, &person, &id, Command::Merge { into }).await?;
    Ok(Json(written(&app, &decided).await?))
}
