//! `GET /api/v1/webhooks`.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use crate::api::paging::Paging;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::post::webhooks;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

const PAGING: Paging = Paging { field: "webhooks", usual: 100, most: 1000, sorts: &["id"] };

/// Its declaration.
pub(super) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/webhooks", "listWebhooks", list)
        .tag("Webhooks")
        .needs(Permission::Webhooks)
        .summary("Webhooks, by id");
    PAGING.declare(operation, schema::named("Webhook"))
}

/// Without their secrets.
pub(crate) async fn list(
    State(app): State<Shared>,
    _: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = PAGING.read::<String>(&query)?;
    let mut hooks = webhooks::list(&app).await?;
    hooks.sort_by(|a, b| a.id.cmp(&b.id));
    hooks.retain(|hook| asked.after.as_ref().is_none_or(|after| hook.id > *after));
    let rows: Vec<_> = hooks.iter().map(webhooks::Hook::shown).collect();
    Ok(PAGING.answer(&uri, &asked, rows, |row| row["id"].as_str().unwrap_or_default().to_owned()))
}
