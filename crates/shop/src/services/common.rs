//! What every service answers beside its business: metrics, health, the change feed; and how routers are put together.

use std::sync::{Arc, atomic::Ordering};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{accounts, catalog, checkout, gateway, inventory, notifications, payments};
use crate::{
    Error,
    service::{Failure, Service, serve_request},
};

/// No request of the shop is larger.
const MAX_BODY: usize = 64 * 1024;

/// The router of a service.
pub(crate) fn router(service: Arc<Service>) -> Router {
    let business = match service.name {
        "gateway" => gateway::routes(),
        "checkout" => checkout::routes(),
        "catalog" => catalog::routes(),
        "inventory" => inventory::routes(),
        "payments" => payments::routes(),
        "accounts" => accounts::routes(),
        _ => notifications::routes(),
    };
    business
        .route("/feed/{reader}", post(subscribe).get(read_feed))
        .route("/feed/{reader}/place", get(place))
        .route_layer(from_fn_with_state(Arc::clone(&service), serve_request))
        .route("/metrics", get(metrics))
        .route("/healthz", get(health))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(service)
}

/// Creates and fills a service's database; does nothing to one that is there.
pub(crate) fn setup(service: &Service) -> Result<(), Error> {
    match service.name {
        "checkout" => checkout::setup(service),
        "catalog" => catalog::setup(service),
        "inventory" => inventory::setup(service),
        "payments" => payments::setup(service),
        "accounts" => accounts::setup(service),
        _ => Ok(()),
    }
}

async fn metrics(State(service): State<Arc<Service>>, headers: HeaderMap) -> Response {
    if service.fleet.ready() == 0 {
        return Failure::unavailable("no replica is ready").into_response();
    }
    service.collect();
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("");
    let (kind, body) = service.metrics.render(service.name, accept);
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

async fn health(State(service): State<Arc<Service>>) -> Response {
    let ready = service.fleet.ready();
    let status = if ready > 0 { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({"service": service.name, "version": service.version(), "ready_replicas": ready})))
        .into_response()
}

async fn subscribe(State(service): State<Arc<Service>>, Path(reader): Path<String>) -> Json<Value> {
    service.heap.subscribe(&reader);
    Json(json!({"reader": reader}))
}

fn known(service: &Service, reader: &str) -> Result<(), Failure> {
    if !service.heap.has(reader) {
        // After an orderly end the old cursors are void and readers start afresh; after a crash they resume.
        let void = service.ended_in_order.load(Ordering::SeqCst);
        let status = if void { StatusCode::GONE } else { StatusCode::NOT_FOUND };
        return Err(Failure::new(status, "no such reader"));
    }
    Ok(())
}

/// Whether the reader's place is still there, without reading.
async fn place(
    State(service): State<Arc<Service>>,
    Path(reader): Path<String>,
) -> Result<Json<Value>, Failure> {
    known(&service, &reader)?;
    Ok(Json(json!({"reader": reader})))
}

async fn read_feed(
    State(service): State<Arc<Service>>,
    Path(reader): Path<String>,
) -> Result<Json<Value>, Failure> {
    known(&service, &reader)?;
    Ok(Json(json!({"bytes": service.heap.drain(&reader)})))
}

/// An optional text field of a body.
pub(super) fn text<'a>(body: &'a Value, field: &str) -> Result<&'a str, Failure> {
    body.get(field)
        .and_then(Value::as_str)
        .filter(|t| !t.is_empty() && t.len() <= 200)
        .ok_or_else(|| Failure::bad_request(format!("field {field} must be a text of 1 to 200 bytes")))
}

/// A number field of a body.
pub(super) fn number(body: &Value, field: &str) -> Result<i64, Failure> {
    body.get(field)
        .and_then(Value::as_i64)
        .ok_or_else(|| Failure::bad_request(format!("field {field} must be a whole number")))
}
