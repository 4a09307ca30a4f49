//! API tokens.

mod create;
mod list;
mod revoke;

use serde_json::{Value, json};

use super::spec::{Operation, schema};
use crate::auth::ApiToken;

/// Their declarations.
pub(super) fn operations() -> [Operation; 3] {
    [list::operation(), create::operation(), revoke::operation()]
}

/// A token without its secret.
fn shown(token: &ApiToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "owner": token.owner,
        "scopes": token.scopes.iter().collect::<Vec<_>>(),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "used_at": token.used_at,
    })
}

/// Its schema.
pub(super) fn token_schema() -> Value {
    schema::growing(&[
        schema::need("id", schema::text()),
        schema::need("name", schema::text()),
        schema::need("owner", schema::text()),
        schema::need("scopes", schema::list(schema::text())),
        schema::need("created_at", schema::time()),
        schema::need("expires_at", schema::time()),
        schema::need("used_at", schema::or_null(schema::time())),
    ])
}
