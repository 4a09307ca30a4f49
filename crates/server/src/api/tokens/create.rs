//! `POST /api/v1/tokens {name, scopes, days}`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::shown;
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::{LONGEST_DAYS, NewToken, Permission, Person, Scopes};
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    let scopes = json!({"type": "array", "items": schema::filled(64), "minItems": 1, "maxItems": 40});
    Operation::post("/api/v1/tokens", "createToken", create)
        .tag("People")
        .needs(Permission::OwnAccount)
        .summary("Make an API token of your own")
        .about("A token that is limited to scopes makes none with others.")
        .body(schema::object(&[
            schema::need("name", schema::filled(100)),
            schema::need("scopes", scopes),
            schema::need("days", schema::whole(1, LONGEST_DAYS)),
        ]))
        .answers(
            201,
            "The token. Its secret is shown here and never again.",
            schema::object(&[
                schema::need("token", schema::named("Token")),
                schema::need("secret", schema::text()),
            ]),
        )
}

/// Makes it.
pub(crate) async fn create(
    State(app): State<Shared>,
    person: Person,
    mut fields: Fields,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let name = fields.need("name")?;
    let texts = fields.texts("scopes", 40)?;
    let days = fields.whole("days")?.ok_or_else(|| Problem::invalid("days", "is required"))?;
    fields.end()?;
    let scopes =
        Scopes::parse(texts.iter().map(String::as_str)).map_err(|why| Problem::invalid("scopes", why))?;
    // A token must not make itself a stronger one.
    if let Some(own) = &person.scopes
        && let Some(more) = scopes.iter().find(|scope| !own.includes(scope))
    {
        return Err(Problem::forbidden(format!("your token has not the scope {more} itself")));
    }
    let (token, secret) =
        app.directory.make_token(&person.name, NewToken { name, scopes, days }, app.now()).await?;
    Ok((StatusCode::CREATED, Json(json!({"token": shown(&token), "secret": secret}))))
}
