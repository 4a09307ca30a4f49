//! `POST …/decisions {plan, go, reason}`.

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

/// Go or no-go on the plan with that hash.
pub(crate) async fn decide(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let plan = fields.need("plan")?;
    let go = fields.flag("go")?.ok_or_else(|| Problem::invalid("go", "is required: true or false"))?;
    let reason = fields.text("reason")?.unwrap_or_default();
    fields.end()?;
    let decided = action::act(&app, &person, &id, Command::Decide { plan, go, reason }).await?;
    Ok(Json(written(&app, &decided).await?))
}
