//! `POST /v1/traces`, `/v1/metrics`, `/v1/logs`: OTLP over HTTP into the embedded store.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firebell_integrations::otlp::{Signal, handle};

use super::receive::{denied, unread};
use crate::auth::shown_key;
use crate::body;
use crate::metrics::Reason;
use crate::problem::Problem;
use crate::state::{App, Shared};

/// Spans.
pub(crate) async fn traces(
    State(app): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    take(&app, Signal::Traces, &headers, body).await
}

/// Metric points.
pub(crate) async fn metrics(
    State(app): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    take(&app, Signal::Metrics, &headers, body).await
}

/// Log records.
pub(crate) async fn logs(
    State(app): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    take(&app, Signal::Logs, &headers, body).await
}

async fn take(app: &App, signal: Signal, headers: &HeaderMap, body: Body) -> Result<Response, Problem> {
    let key = shown_key(headers).unwrap_or_default();
    let counts = match app.state.sources.exporter(&key) {
        Ok(exporter) => &exporter.counts,
        Err(why) => return Err(denied(app, why, "authorization")),
    };
    counts.request();
    let Some(store) = &app.state.otlp else {
        return Err(Problem::not_found("the OTLP receiver is switched off: add [otlp] to the configuration"));
    };
    let bytes = body::read(headers, body, app.state.sources.max_body())
        .await
        .inspect_err(|problem| unread(counts, problem))?;
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let reply =
        handle(store, signal, text(header::CONTENT_TYPE), text(header::CONTENT_ENCODING), &bytes, app.now());
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match status {
        StatusCode::OK => {}
        StatusCode::PAYLOAD_TOO_LARGE => counts.reject(Reason::TooLarge, 1),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => counts.reject(Reason::Encoding, 1),
        _ if status.is_client_error() => counts.reject(Reason::Unreadable, 1),
        _ => counts.reject(Reason::Unavailable, 1),
    }
    Ok((status, [(header::CONTENT_TYPE, reply.content_type)], reply.body).into_response())
}
