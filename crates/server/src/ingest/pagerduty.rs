//! `POST /v2/enqueue` and `POST /v2/change/enqueue`: PagerDuty's Events API v2. The routing key in the body is the
//! integration key, so the body is read before the sender is known, with a cap of its own.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use firebell_integrations::pagerduty::routing_key;
use serde_json::json;

use super::receive::{denied, receive_bytes, unread};
use crate::body;
use crate::metrics::Reason;
use crate::problem::Problem;
use crate::state::{App, Shared};

/// The kind of the senders that come this way.
const KIND: &str = "pagerduty";
/// PagerDuty's own limit is 512 KiB.
const MAX_BODY: usize = 1 << 20;

/// Alerts.
pub(crate) async fn enqueue(State(app): State<Shared>, headers: HeaderMap, body: Body) -> Response {
    answer(take(&app, "/v2/enqueue", &headers, body).await, "Event processed")
}

/// Changes.
pub(crate) async fn change(State(app): State<Shared>, headers: HeaderMap, body: Body) -> Response {
    answer(take(&app, "/v2/change/enqueue", &headers, body).await, "Change event processed")
}

async fn take(app: &App, path: &str, headers: &HeaderMap, body: Body) -> Result<Option<String>, Problem> {
    let cap = MAX_BODY.min(app.state.sources.max_body());
    let strangers = app.state.sources.strangers(KIND);
    let bytes = body::read_expanded(headers, body, cap).await.inspect_err(|problem| {
        strangers.inspect(|counts| unread(counts, problem));
    })?;
    let key = routing_key(&bytes).map_err(|error| {
        strangers.inspect(|counts| counts.reject(Reason::Unreadable, 1));
        Problem::parse(&error)
    })?;
    let source = app.state.sources.keyed(KIND, &key).map_err(|why| denied(app, why, "routing_key"))?;
    Ok(receive_bytes(app, source, path, headers, &bytes).await?.dedup_key)
}

/// In PagerDuty's words, so that its client libraries understand both outcomes.
fn answer(result: Result<Option<String>, Problem>, message: &str) -> Response {
    match result {
        Ok(dedup_key) => {
            let mut body = json!({"status": "success", "message": message});
            if let Some(key) = dedup_key {
                body["dedup_key"] = key.into();
            }
            (StatusCode::ACCEPTED, Json(body)).into_response()
        }
        Err(problem) if problem.status == StatusCode::BAD_REQUEST => {
            let body = json!({
                "status": "invalid event",
                "message": "Event object is invalid",
                "errors": [problem.sentence()],
                "field": problem.field,
            });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}
