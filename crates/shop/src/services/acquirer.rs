//! A payment provider: somebody else's service. It shows no metrics, logs or traces, as such services do not.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use rand::RngExt;
use serde_json::{Value, json};

use crate::shared::Shared;

/// Usual time of an authorisation, in milliseconds.
const USUAL_MS: std::ops::Range<u64> = 18..45;

type Provider = State<(&'static str, Arc<Shared>)>;

/// The router of one provider.
pub(crate) fn router(name: &'static str, shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/authorise", post(authorise))
        .route("/healthz", get(|| async { "ok" }))
        .with_state((name, shared))
}

async fn authorise(State((name, shared)): Provider, Json(body): Json<Value>) -> Json<Value> {
    let slow = shared.read(|w| w.conditions.slow_provider.clone()).filter(|s| s.provider == name);
    let (millis, declined) = {
        let mut rng = rand::rng();
        let range = slow.map_or(USUAL_MS, |s| s.min_ms..s.max_ms.max(s.min_ms + 1));
        (rng.random_range(range), rng.random_bool(0.008))
    };
    tokio::time::sleep(Duration::from_millis(millis)).await;
    Json(json!({"reference": body["reference"], "approved": !declined}))
}
