//! Notifications: confirmations to customers.

use std::sync::Arc;

use axum::{Extension, Json, Router, extract::State, http::StatusCode, routing::post};
use serde_json::{Value, json};

use super::common::text;
use crate::{
    service::{Answer, Call, Cx, Service},
    telemetry::Level,
};

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/messages", post(send))
}

async fn send(
    State(service): State<Arc<Service>>,
    Extension(cx): Extension<Cx>,
    Json(body): Json<Value>,
) -> Answer {
    let (account, kind) = (text(&body, "account")?, text(&body, "kind")?);
    let timeout = service.config("accounts_timeout_ms", 800);
    let call = Call::get("accounts", "/customers/{account}", format!("/customers/{account}"), timeout);
    service.call(&cx, call.retried(2)).await?;
    let html = service.flag("html_mail", account);
    service.metrics.inc("notifications_sent_total", &[("kind", "mail")]);
    let format = if html { "html" } else { "text" };
    service.log(Level::Info, &format!("sent {kind}"), &[("to", account), ("format", format)], Some(&cx));
    Ok((StatusCode::ACCEPTED, Json(json!({"sent": true}))))
}
