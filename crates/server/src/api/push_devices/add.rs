//! `POST /api/v1/push-devices`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::shown;
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::post::push::{self, NewDevice};
use crate::problem::Problem;
use crate::state::Shared;

/// Longest key.
const KEY: usize = 200;

/// Its declaration.
pub(super) fn operation() -> Operation {
    let keys = schema::object(&[
        schema::need("p256dh", schema::filled(KEY)),
        schema::need("auth", schema::filled(KEY)),
    ]);
    Operation::post("/api/v1/push-devices", "addPushDevice", add)
        .tag("Notifications")
        .needs(Permission::Subscribe)
        .summary("Have a device of yours show notifications")
        .about("`endpoint` and `keys` are what the browser's `PushSubscription.toJSON()` has. The same endpoint again is the same device. With `news` it hears of every new SEV1 and SEV2 as well.")
        .body(schema::object(&[
            schema::need("endpoint", schema::filled(2048)),
            schema::need("keys", keys),
            schema::may("name", schema::up_to(300)),
            schema::may("news", schema::flag()),
            schema::may("expirationTime", json!({})),
        ]))
        .answers(201, "The device.", schema::named("PushDevice"))
}

/// Adds it to one's own.
pub(crate) async fn add(
    State(app): State<Shared>,
    person: Person,
    mut fields: Fields,
) -> Result<(StatusCode, Json<Value>), Problem> {
    // Browsers send it along; a subscription that ended is found out when it is sent to.
    fields.take("expirationTime");
    let endpoint = fields.need("endpoint")?;
    let mut keys = match fields.take("keys") {
        Some(Value::Object(keys)) => keys,
        _ => return Err(Problem::invalid("keys", "is required: expected an object with p256dh and auth")),
    };
    let mut key = |name: &str| match keys.remove(name) {
        Some(Value::String(text)) if text.len() <= KEY => Ok(text),
        _ => {
            Err(Problem::invalid(&format!("keys.{name}"), format!("expected a text of at most {KEY} bytes")))
        }
    };
    let new = NewDevice {
        endpoint,
        p256dh: key("p256dh")?,
        auth: key("auth")?,
        agent: fields.text("name")?.unwrap_or_default(),
        news: fields.flag("news")?.unwrap_or(false),
    };
    if let Some(name) = keys.keys().next() {
        let name: String = name.chars().take(64).collect();
        return Err(Problem::invalid(&format!("keys.{name}"), "is not known here: check its spelling"));
    }
    fields.end()?;
    let device = push::add(&app, &person.name, new).await?;
    Ok((StatusCode::CREATED, Json(shown(&device))))
}
