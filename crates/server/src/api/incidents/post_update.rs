//! `POST …/updates {audience, subject, body}`.

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

/// Posts an update in the person's own words.
pub(crate) async fn post_update(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let audience = fields.choose("audience", "internal, public, support, executives")?;
    let (subject, body) = (fields.need("subject")?, fields.need("body")?);
    fields.end()?;
    let decided = action::act(&app, &person, &id, Command::PostUpdate { audience, subject, body }).await?;
    Ok(Json(written(&app, &decided).await?))
}
