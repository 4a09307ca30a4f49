//! `GET /api/v1/silences`.

use axum::Json;
use axum::extract::State;
use firebell_integrations::alertmanager::api::{SilenceFilter, gettable_silences};
use serde_json::{Value, json};

use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// Active, pending, expired; each with its state.
pub(crate) async fn list(State(app): State<Shared>, _: Person) -> Result<Json<Value>, Problem> {
    let silences = app.read(|reader| reader.silences()).await?;
    Ok(Json(json!({"silences": gettable_silences(&silences, &SilenceFilter::default(), app.now())})))
}
