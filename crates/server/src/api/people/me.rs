//! `GET /api/v1/me`.

use axum::Json;
use serde_json::{Value, json};

use super::role_schema;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::get("/api/v1/me", "showMe", me)
        .tag("People")
        .needs(Permission::OwnAccount)
        .summary("Whose token this is, and what it is good for")
        .answers(
            200,
            "You.",
            schema::growing(&[
                schema::need("name", schema::text()),
                schema::need("role", role_schema()),
                schema::need("permissions", schema::list(schema::text())),
                schema::need("scopes", schema::or_null(schema::list(schema::text()))),
            ]),
        )
}

/// The person behind the token.
pub(crate) async fn me(person: Person) -> Json<Value> {
    let permissions: Vec<&str> =
        Permission::ALL.iter().filter(|p| person.may(**p)).map(|p| p.key()).collect();
    let scopes = person.scopes.as_ref().map(|s| s.iter().collect::<Vec<_>>());
    Json(json!({
        "name": person.name,
        "role": person.role,
        "permissions": permissions,
        "scopes": scopes,
    }))
}
