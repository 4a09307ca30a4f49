//! `POST …/roles {role, person}`.

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

/// Gives a role to a person.
pub(crate) async fn assign_role(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let (role, person_named) = (fields.need("role")?, fields.need("person")?);
    fields.end()?;
    let decided = action::act(&app, &person, &id, Command::AssignRole { role, person: person_named }).await?;
    Ok(Json(written(&app, &decided).await?))
}
