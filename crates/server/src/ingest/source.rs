//! `POST /in/{source}` and `POST /in/{source}/{key}`: any configured kind.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::receive::{denied, receive};
use crate::auth::shown_key;
use crate::problem::Problem;
use crate::state::{App, Shared};

/// The key is in a header.
pub(crate) async fn in_source(
    State(app): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let key = shown_key(&headers).unwrap_or_default();
    take(&app, &name, &key, headers, body).await
}

/// The key is in the path: for senders that can set no header.
pub(crate) async fn in_path(
    State(app): State<Shared>,
    Path((name, key)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    take(&app, &name, &key, headers, body).await
}

async fn take(app: &App, name: &str, key: &str, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let source = match app.state.sources.named(name, key) {
        Ok(source) => source,
        Err(why) => return Err(denied(app, why, "authorization")),
    };
    let taken = receive(app, source, "", &headers, body).await?;
    // Alertmanager takes any 2xx; its own tests and ours expect the plainest.
    let status = if source.kind == "alertmanager" { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(taken)).into_response())
}
