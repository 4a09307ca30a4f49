//! `GET /api/v1/accounts`.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::shown;
use crate::api::paging::Paging;
use crate::api::spec::{Operation, schema};
use crate::auth::{Account, Permission, Person};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

const PAGING: Paging = Paging { field: "accounts", usual: 200, most: 1000, sorts: &["name"] };

/// Its declaration.
pub(super) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/accounts", "listAccounts", list)
        .tag("People")
        .needs(Permission::People)
        .summary("Accounts, by name");
    PAGING.declare(operation, schema::named("Account"))
}

/// By name.
pub(crate) async fn list(
    State(app): State<Shared>,
    _: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = PAGING.read::<String>(&query)?;
    let place = |account: &Account| account.name.to_lowercase();
    let mut accounts = app.directory.accounts();
    accounts.retain(|a| asked.after.as_ref().is_none_or(|after| place(a) > *after));
    let rows: Vec<_> = accounts.iter().map(|a| shown(a, app.now())).collect();
    let name = |row: &serde_json::Value| row["name"].as_str().unwrap_or_default().to_lowercase();
    Ok(PAGING.answer(&uri, &asked, rows, name))
}
