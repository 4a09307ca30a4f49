//! `DELETE /api/v1/silences/{id}`.

use axum::Json;
use axum::extract::{Path, State};
use firebell_integrations::alertmanager::api::{self, gettable_silence};
use serde_json::{Value, json};

use crate::auth::{Person, Role};
use crate::problem::Problem;
use crate::state::Shared;

/// Ends a silence now.
pub(crate) async fn expire(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    person.need(Role::Responder)?;
    let silences = app.read(|reader| reader.silences()).await?;
    let silence = silences.into_iter().find(|s| s.id == id);
    let silence = silence.ok_or_else(|| Problem::not_found("there is no silence with this id"))?;
    let now = app.now();
    let ended = api::expire(&silence, now);
    app.state.handle.put_silence(ended.clone()).await?;
    Ok(Json(json!({"silence": gettable_silence(&ended, now)})))
}
