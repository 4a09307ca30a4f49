//! `DELETE /api/v1/silences/{id}`.

use axum::Json;
use axum::extract::State;
use firebell_integrations::alertmanager::api::{self, gettable_silence};
use serde_json::{Value, json};

use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(crate) fn operation() -> Operation {
    Operation::delete("/api/v1/silences/{id}", "expireSilence", expire)
        .tag("Silences")
        .needs(Permission::Silence)
        .summary("End a silence now")
        .answers(200, "It has ended.", schema::object(&[schema::need("silence", schema::named("Silence"))]))
}

/// Ends a silence now.
pub(crate) async fn expire(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<Json<Value>, Problem> {
    person.allowed(Permission::Silence)?;
    let id = segments.get("id");
    let silences = app.read(|reader| reader.silences()).await?;
    let silence = silences.into_iter().find(|s| s.id == id);
    let silence = silence.ok_or_else(|| Problem::not_found("there is no silence with this id"))?;
    let now = app.now();
    let ended = api::expire(&silence, now);
    app.state.handle.put_silence(ended.clone()).await?;
    Ok(Json(json!({"silence": gettable_silence(&ended, now)})))
}
