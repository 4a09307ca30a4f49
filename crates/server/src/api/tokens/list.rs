//! `GET /api/v1/tokens?owner=`.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde_json::Value;

use super::shown;
use crate::api::paging::Paging;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

const PAGING: Paging = Paging { field: "tokens", usual: 200, most: 1000, sorts: &["id"] };

/// Its declaration.
pub(super) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/tokens", "listTokens", list)
        .tag("People")
        .needs(Permission::OwnAccount)
        .summary("Your API tokens; administrators see everybody's")
        .query("owner", "Of that person only.", schema::up_to(64));
    PAGING.declare(operation, schema::named("Token"))
}

/// By id; never with the secret.
pub(crate) async fn list(
    State(app): State<Shared>,
    person: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = PAGING.read::<String>(&query)?;
    let owner = if person.may(Permission::Tokens) { query.get("owner") } else { Some(person.name.as_str()) };
    let mut tokens = app.directory.tokens_of(owner);
    tokens.sort_by(|a, b| a.id.cmp(&b.id));
    tokens.retain(|t| asked.after.as_ref().is_none_or(|after| t.id > *after));
    let rows: Vec<Value> = tokens.iter().map(shown).collect();
    Ok(PAGING.answer(&uri, &asked, rows, |row| row["id"].as_str().unwrap_or_default().to_owned()))
}
