//! `POST …/severity {severity, reason}`.

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

/// What a severity looks like.
const SEVERITY: &str = "a severity: write SEV1, SEV2, SEV3 or SEV4";

/// Overrides severity.
pub(crate) async fn set_severity(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let severity =
        fields.read("severity", SEVERITY)?.ok_or_else(|| Problem::invalid("severity", "is required"))?;
    let reason = fields.need("reason")?;
    fields.end()?;
    let decided = action::act(&app, &person, &id, Command::SetSeverity { severity, reason }).await?;
    Ok(Json(written(&app, &decided).await?))
}
