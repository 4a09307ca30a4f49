//! `POST /api/v1/push-devices/{id}/test`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::api::Fields;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::post::push;
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/push-devices/{id}/test", "testPushDevice", test)
        .tag("Notifications")
        .needs(Permission::Subscribe)
        .summary("Send a notification that says that it is a test")
        .body(schema::object(&[]))
        .answers(
            200,
            "It is on its way; it should show within seconds.",
            schema::object(&[schema::need("sent", schema::flag())]),
        )
}

/// Sends it.
pub(crate) async fn test(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
    fields: Fields,
) -> Result<Json<Value>, Problem> {
    fields.end()?;
    push::send_test(&app, &person.name, segments.get("id")).await?;
    Ok(Json(json!({"sent": true})))
}
