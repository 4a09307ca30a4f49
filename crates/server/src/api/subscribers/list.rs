//! `GET /api/v1/subscribers`.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Value, json};

use crate::api::paging::Paging;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::status;

const PAGING: Paging = Paging { field: "subscribers", usual: 100, most: 1000, sorts: &["id"] };

/// Its declaration.
pub(super) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/subscribers", "listSubscribers", list)
        .tag("Maintenance")
        .needs(Permission::Subscribers)
        .summary("Who hears of what the status page says; addresses are masked");
    let subscriber = schema::growing(&[
        schema::need("id", schema::text()),
        schema::need("who", schema::text()),
        schema::need("way", schema::text()),
        schema::need("components", schema::list(schema::text())),
        schema::need("confirmed_at", schema::or_null(schema::time())),
        schema::need("undelivered", schema::count()),
    ]);
    PAGING.declare(operation, subscriber)
}

/// By id.
pub(crate) async fn list(
    State(app): State<Shared>,
    _: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = PAGING.read::<String>(&query)?;
    let after = asked.after.clone().unwrap_or_default();
    let shown = status::subscribers(&app, &after, asked.limit + 1).await?;
    let rows: Vec<Value> = shown
        .subscribers
        .into_iter()
        .map(|(s, dead)| {
            json!({
                "id": s.id, "who": s.masked(), "way": s.kind(), "components": s.components,
                "confirmed_at": s.confirmed_at, "undelivered": dead.len(),
            })
        })
        .collect();
    Ok(PAGING.answer(&uri, &asked, rows, |row| row["id"].as_str().unwrap_or_default().to_owned()))
}
