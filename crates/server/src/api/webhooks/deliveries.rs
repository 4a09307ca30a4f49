//! `GET /api/v1/webhooks/{id}/deliveries`.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use firebell_core::ports::office::Delivery;
use jiff::Timestamp;
use serde_json::json;

use crate::api::paging::Paging;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::post::webhooks;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

const PAGING: Paging = Paging { field: "deliveries", usual: 100, most: 1000, sorts: &["-created_at"] };

/// Its declaration.
pub(super) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/webhooks/{id}/deliveries", "listWebhookDeliveries", deliveries)
        .tag("Webhooks")
        .needs(Permission::Webhooks)
        .summary("What was sent to a webhook and is to be, newest first")
        .about("What has ended is forgotten after a month.");
    PAGING.declare(operation, schema::named("Delivery"))
}

/// Newest first.
pub(crate) async fn deliveries(
    State(app): State<Shared>,
    _: Person,
    segments: Segments,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = PAGING.read::<(Timestamp, String)>(&query)?;
    let hook = webhooks::get(&app, segments.get("id")).await?;
    let place = |d: &Delivery| (d.created_at, d.id.clone());
    let mut found = webhooks::deliveries(&app, &hook.id, usize::MAX).await?;
    found.sort_by_key(|d| std::cmp::Reverse(place(d)));
    found.retain(|d| asked.after.as_ref().is_none_or(|after| place(d) < *after));
    let places: Vec<_> = found.iter().map(place).collect();
    let rows: Vec<_> = found
        .into_iter()
        .map(|d| {
            json!({
                "id": d.id, "about": d.about, "state": d.state, "attempts": d.attempts, "next_at": d.next_at,
                "answer": d.answer, "created_at": d.created_at, "ended_at": d.ended_at, "body": d.payload,
            })
        })
        .zip(places)
        .map(|(shown, place)| Row { shown, place })
        .collect();
    Ok(PAGING.answer(&uri, &asked, rows, |row| row.place.clone()))
}

/// A row and where it stands.
#[derive(serde::Serialize)]
struct Row {
    #[serde(flatten)]
    shown: serde_json::Value,
    #[serde(skip)]
    place: (Timestamp, String),
}
