//! `POST /api/v1/webhooks`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::fields;
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::post::webhooks;
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/webhooks", "createWebhook", create)
        .tag("Webhooks")
        .needs(Permission::Webhooks)
        .summary("Have events posted somewhere")
        .about("Signed after Standard Webhooks; see docs/reference/webhooks.md.")
        .body(fields::body())
        .answers(
            201,
            "The webhook. Its secret is shown here and never again.",
            schema::object(&[
                schema::need("webhook", schema::named("Webhook")),
                schema::need("secret", schema::text()),
            ]),
        )
}

/// Makes it.
pub(crate) async fn create(
    State(app): State<Shared>,
    person: Person,
    body: Fields,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let (hook, secret) = webhooks::create(&app, &person.name, fields::read(body)?).await?;
    Ok((StatusCode::CREATED, Json(json!({"webhook": hook.shown(), "secret": secret}))))
}
