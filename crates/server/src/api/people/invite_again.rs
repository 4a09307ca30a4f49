//! `POST /api/v1/accounts/{name}/invitation`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::welcome;
use crate::api::Fields;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/accounts/{name}/invitation", "inviteAccountAgain", invite_again)
        .tag("People")
        .needs(Permission::People)
        .summary("A new link to set a password by")
        .about("The old password holds until the link is used.")
        .body(schema::object(&[]))
        .answers(200, "The link.", schema::object(&[schema::need("link", schema::text())]))
}

/// Makes the link.
pub(crate) async fn invite_again(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    fields: Fields,
) -> Result<Json<Value>, Problem> {
    fields.end()?;
    let key = app.directory.invite_again(&person.name, segments.get("name"), app.now()).await?;
    Ok(Json(json!({"link": welcome(&app, &key)})))
}
