//! Accounts: who may come in.

mod change;
mod invite;
mod invite_again;
mod list;
mod me;
mod remove;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::spec::{Operation, schema};
use crate::auth::{Account, Role};
use crate::problem::Problem;
use crate::state::App;

/// Their declarations.
pub(super) fn operations() -> [Operation; 6] {
    [
        list::operation(),
        invite::operation(),
        change::operation(),
        invite_again::operation(),
        remove::operation(),
        me::operation(),
    ]
}

/// An account as everybody who administrates sees it.
fn shown(account: &Account, now: Timestamp) -> Value {
    json!({
        "name": account.name,
        "email": account.email,
        "role": account.role,
        "disabled": account.disabled,
        "has_password": account.has_password(),
        "invited_until": account.invited_until(now),
        "created_at": account.created_at,
        "created_by": account.created_by,
        "signed_in_at": account.signed_in_at,
    })
}

/// Its schema.
pub(super) fn account_schema() -> Value {
    schema::growing(&[
        schema::need("name", schema::text()),
        schema::need("email", schema::or_null(schema::text())),
        schema::need("role", role_schema()),
        schema::need("disabled", schema::flag()),
        schema::need("has_password", schema::flag()),
        schema::need("invited_until", schema::or_null(schema::time())),
        schema::need("created_at", schema::time()),
        schema::need("created_by", schema::text()),
        schema::need("signed_in_at", schema::or_null(schema::time())),
    ])
}

fn role_schema() -> Value {
    schema::one_of(&Role::ALL.map(Role::as_str))
}

fn role(text: &str) -> Result<Role, Problem> {
    Role::parse(text).ok_or_else(|| {
        Problem::invalid("role", format!("is none of {}", Role::ALL.map(Role::as_str).join(", ")))
    })
}

/// The link that lets somebody set a password.
fn welcome(app: &App, key: &str) -> String {
    format!("{}/welcome?key={key}", app.state.public_url.trim_end_matches('/'))
}
