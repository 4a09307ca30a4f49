//! `POST /api/v1/accounts {name, email?, role}`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{role, role_schema, shown, welcome};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::{NewAccount, Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/accounts", "inviteAccount", invite)
        .tag("People")
        .needs(Permission::People)
        .summary("Invite somebody")
        .about("The answer has the link by which they set a password: good for three days, once.")
        .body(schema::object(&[
            schema::need("name", schema::filled(64)),
            schema::may("email", schema::up_to(254)),
            schema::need("role", role_schema()),
        ]))
        .answers(
            201,
            "The account, and the link.",
            schema::object(&[
                schema::need("account", schema::named("Account")),
                schema::need("link", schema::text()),
            ]),
        )
}

/// Makes the account.
pub(crate) async fn invite(
    State(app): State<Shared>,
    person: Person,
    mut fields: Fields,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let new = NewAccount {
        name: fields.need("name")?,
        email: fields.text("email")?,
        role: role(&fields.need("role")?)?,
    };
    fields.end()?;
    let (account, key) = app.directory.invite(&person.name, new, app.now()).await?;
    let body = json!({"account": shown(&account, app.now()), "link": welcome(&app, &key)});
    Ok((StatusCode::CREATED, Json(body)))
}
