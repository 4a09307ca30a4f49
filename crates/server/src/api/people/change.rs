//! `PATCH /api/v1/accounts/{name} {role?, email?, disabled?}`.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::{role, role_schema, shown};
use crate::api::Fields;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::patch("/api/v1/accounts/{name}", "changeAccount", change)
        .tag("People")
        .needs(Permission::People)
        .summary("Change role, address, and whether somebody is shut out")
        .about("Counts from their next request. Who is shut out is signed out everywhere. An empty `email` removes it.")
        .body(schema::object(&[
            schema::may("role", role_schema()),
            schema::may("email", schema::up_to(254)),
            schema::may("disabled", schema::flag()),
        ]))
        .answers(200, "The account as it is now.", schema::named("Account"))
}

/// Changes what is given.
pub(crate) async fn change(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    mut fields: Fields,
) -> Result<Json<Value>, Problem> {
    let (new_role, email, disabled) = (fields.text("role")?, fields.text("email")?, fields.flag("disabled")?);
    fields.end()?;
    let name = segments.get("name");
    let before = app.directory.account(name).ok_or_else(|| Problem::not_found("there is no such account"))?;
    let new_role = new_role.as_deref().map(role).transpose()?.unwrap_or(before.role);
    let account = app
        .directory
        .change(&person.name, name, new_role, email.or(before.email), disabled.unwrap_or(before.disabled))
        .await?;
    Ok(Json(shown(&account, app.now())))
}
