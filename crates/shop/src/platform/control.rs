//! The control API of drills: putting a fault in, taking it out, and how things stand. No responder uses it.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::{
    actions::Refusal,
    api::{Platform, broken, refusal},
};
use crate::faults;

pub(super) fn routes() -> Router<Arc<Platform>> {
    Router::new()
        .route("/control/v1/faults", get(list).post(inject).delete(clear))
        .route("/control/v1/status", get(status))
}

fn active(platform: &Platform) -> Value {
    platform.shared.read(|w| {
        w.fault.as_ref().map_or(Value::Null, |f| {
            json!({
                "name": f.name,
                "since": f.since,
                "component": f.component,
                "detail": f.detail,
                "remedied": faults::remedied(w),
            })
        })
    })
}

async fn list(State(platform): State<Arc<Platform>>) -> Json<Value> {
    Json(json!({"faults": faults::catalogue(), "active": active(&platform)}))
}

async fn inject(State(platform): State<Arc<Platform>>, body: Bytes) -> Response {
    let body: Value = match serde_json::from_slice(&body) {
        Ok(body) => body,
        Err(error) => {
            return refusal(
                StatusCode::BAD_REQUEST,
                &Refusal { field: "body".into(), error: error.to_string() },
            );
        }
    };
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    if faults::find(name).is_none() {
        let error = crate::Error::UnknownFault(name.chars().take(60).collect()).to_string();
        return refusal(StatusCode::BAD_REQUEST, &Refusal { field: "name".into(), error });
    }
    let name = name.to_owned();
    let work = tokio::spawn(async move {
        let _turn = platform.turn.lock().await;
        let present = platform.shared.read(|w| w.fault.as_ref().map(|f| f.name.clone()));
        match present {
            // Put in twice is put in once: a caller that lost our answer may ask again.
            Some(present) if present == name => return Json(active(&platform)).into_response(),
            Some(present) => {
                let error = format!("{present} is in; take it out first");
                return refusal(StatusCode::CONFLICT, &Refusal { field: "name".into(), error });
            }
            None => {}
        }
        let injected = match platform.shared.update(|world| faults::inject(world, &name)) {
            Ok(Ok(injected)) => injected,
            Ok(Err(error)) | Err(error) => return broken(&error),
        };
        if injected.released
            && let Some(service) = platform.service(&injected.component)
        {
            service.restart("deploy").await;
        }
        tracing::info!(fault = name, "put a fault in");
        Json(active(&platform)).into_response()
    });
    work.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn clear(State(platform): State<Arc<Platform>>) -> Response {
    let work = tokio::spawn(async move {
        let _turn = platform.turn.lock().await;
        match platform.clear_fault().await {
            Ok(cleared) => Json(json!({"cleared": cleared})).into_response(),
            Err(error) => broken(&error),
        }
    });
    work.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn status(State(platform): State<Arc<Platform>>) -> Json<Value> {
    let firing = platform.monitor.firing();
    let remedied = platform.shared.read(faults::remedied);
    let services: Vec<Value> = platform
        .services
        .iter()
        .map(|s| json!({"name": s.name, "url": platform.shared.urls.get(s.name), "ready_replicas": s.fleet.ready()}))
        .collect();
    let pending = platform.shared.read(|w| w.changes.len() - w.delivered.min(w.changes.len()));
    Json(json!({
        "seed": platform.shared.options.seed,
        "services": services,
        "fault": active(&platform),
        "alerts_firing": firing,
        "changes_undelivered": pending,
        "healthy": remedied && firing.is_empty(),
    }))
}
