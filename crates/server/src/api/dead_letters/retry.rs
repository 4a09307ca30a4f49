//! `POST /api/v1/dead-letters/{key}/retry`.

use axum::Json;
use axum::extract::{Path, State};
use firebell_core::ids::EffectKey;
use firebell_core::incident::Command;
use serde_json::Value;

use crate::action;
use crate::api::incidents::written;
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// Puts an effect back; its key begins with the incident's id.
pub(crate) async fn retry(
    State(app): State<Shared>,
    person: Person,
    Path(key): Path<String>,
) -> Result<Json<Value>, Problem> {
    let Some((incident, _)) = key.split_once(':') else {
        return Err(Problem::bad_request("key", "is not an effect's key: INCIDENT:VERSION:ORDINAL"));
    };
    let command = Command::ReviveEffect { key: EffectKey::new(&key) };
    let decided = action::act(&app, &person, incident, command).await?;
    Ok(Json(written(&app, &decided).await?))
}
