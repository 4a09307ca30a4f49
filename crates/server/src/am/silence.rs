//! `GET` and `DELETE /api/v2/silence/{id}`.

use axum::Json;
use axum::extract::{RawPathParams, State};
use axum::http::StatusCode;
use firebell_core::silence::Silence;
use firebell_integrations::alertmanager::api::{self, GettableSilence, gettable_silence};

use super::sender::{AmError, Sender};
use crate::problem::Problem;
use crate::state::{App, Shared};

/// One.
pub(crate) async fn show(
    State(app): State<Shared>,
    Sender(_): Sender,
    path: RawPathParams,
) -> Result<Json<GettableSilence>, AmError> {
    let silence = find(&app, &path).await?;
    Ok(Json(gettable_silence(&silence, app.now())))
}

/// Ends one.
pub(crate) async fn expire(
    State(app): State<Shared>,
    Sender(_): Sender,
    path: RawPathParams,
) -> Result<StatusCode, AmError> {
    let silence = find(&app, &path).await?;
    app.state.handle.put_silence(api::expire(&silence, app.now())).await.map_err(Problem::from)?;
    Ok(StatusCode::OK)
}

async fn find(app: &App, path: &RawPathParams) -> Result<Silence, Problem> {
    let id = path.iter().find(|(name, _)| *name == "id").map(|(_, id)| id.to_owned()).unwrap_or_default();
    let silences = app.read(|reader| reader.silences()).await?;
    silences
        .into_iter()
        .find(|s| s.id == id)
        .ok_or_else(|| Problem::not_found("there is no silence with this id"))
}
