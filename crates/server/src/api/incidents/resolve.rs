//! `POST …/resolve {summary}`.

use axum::Json;
use axum::extract::{Path, State};
use firebell_core::incident::Command;
use serde_json::{Value, json};

use super::written;
use crate::action;
use crate::api::Fields;
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// It is over, says the person. The answer names the alerts that fire on.
pub(crate) async fn resolve(
    State(app): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let summary = fields.need("summary")?;
    fields.end()?;
    let decided = action::act(&app, &person, &id, Command::Resolve { summary }).await?;
    let mut answer = written(&app, &decided).await?;
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("still_firing".to_owned(), json!(action::still_firing(&app, &person, &id).await?));
    }
    Ok(Json(answer))
}
