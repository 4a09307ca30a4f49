//! `POST …/kind {kind, restricted?}`.

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

/// What there is.
const KINDS: &str = "availability, performance, security, data, other";

/// Says of which kind it is, and who may see it.
pub(crate) async fn set_kind(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let kind = fields.choose("kind", KINDS)?;
    let restricted = fields.flag("restricted")?;
    fields.end()?;
    let decided = action::act(&app, &person, &id, Command::SetKind { kind, restricted }).await?;
    Ok(Json(written(&app, &decided).await?))
}
