//! The gateway: the one door for customers and partners. It checks sessions and passes requests on.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    routing::{get, post},
};
use serde_json::{Value, json};

use crate::service::{Answer, Call, Cx, Failure, Service};

/// How often the gateway repeats a call that failed.
const RETRIES: u32 = 2;

type Gateway = State<Arc<Service>>;

pub(super) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/", get(home))
        .route("/products", get(products))
        .route("/products/{id}", get(product))
        .route("/cart", post(cart))
        .route("/signin", post(sign_in))
        .route("/checkout", post(checkout))
        .route("/orders", get(orders))
        .route("/partner/orders", post(partner_orders))
}

/// The account of the session in the request, if it has one. Every page shows the customer's name, so every page asks.
async fn session(service: &Service, cx: &mut Cx, headers: &HeaderMap) -> Result<(), Failure> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "))
        .filter(|t| t.len() <= 100 && t.chars().all(|c| c.is_ascii_alphanumeric()));
    let Some(token) = token else { return Ok(()) };
    let call = Call::get(
        "accounts",
        "/sessions/{token}",
        format!("/sessions/{token}"),
        service.config("accounts_timeout_ms", 800),
    );
    let (status, body) = service.call(cx, call.retried(RETRIES)).await?;
    if status == StatusCode::OK {
        cx.account = body.get("account").and_then(Value::as_str).map(ToOwned::to_owned);
    }
    Ok(())
}

fn signed_in(cx: &Cx) -> Result<(), Failure> {
    if cx.account.is_none() {
        return Err(Failure::new(StatusCode::UNAUTHORIZED, "sign in first"));
    }
    Ok(())
}

async fn pass(service: &Service, cx: &Cx, call: Call<'_>) -> Answer {
    let (status, body) = service.call(cx, call).await?;
    Ok((status, Json(body)))
}

fn catalog(service: &Service, route: &'static str, path: String) -> Call<'static> {
    Call::get("catalog", route, path, service.config("catalog_timeout_ms", 3000)).retried(1)
}

async fn home(State(service): Gateway, Extension(mut cx): Extension<Cx>, headers: HeaderMap) -> Answer {
    session(&service, &mut cx, &headers).await?;
    pass(&service, &cx, catalog(&service, "/featured", "/featured".into())).await
}

async fn products(
    State(service): Gateway,
    Extension(mut cx): Extension<Cx>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Answer {
    session(&service, &mut cx, &headers).await?;
    let page = query
        .as_deref()
        .and_then(|q| q.strip_prefix("page="))
        .and_then(|p| p.parse::<u32>().ok())
        .unwrap_or(0);
    pass(&service, &cx, catalog(&service, "/products", format!("/products?page={page}"))).await
}

async fn product(
    State(service): Gateway,
    Extension(mut cx): Extension<Cx>,
    headers: HeaderMap,
    Path(id): Path<u32>,
) -> Answer {
    session(&service, &mut cx, &headers).await?;
    pass(&service, &cx, catalog(&service, "/products/{id}", format!("/products/{id}"))).await
}

async fn cart(State(service): Gateway, Extension(cx): Extension<Cx>, Json(body): Json<Value>) -> Answer {
    let timeout = service.config("checkout_timeout_ms", 8000);
    pass(&service, &cx, Call::post("checkout", "/carts", body, timeout)).await
}

async fn sign_in(State(service): Gateway, Extension(cx): Extension<Cx>, Json(body): Json<Value>) -> Answer {
    let timeout = service.config("accounts_timeout_ms", 800);
    pass(&service, &cx, Call::post("accounts", "/sessions", body, timeout).retried(RETRIES)).await
}

async fn checkout(
    State(service): Gateway,
    Extension(mut cx): Extension<Cx>,
    headers: HeaderMap,
    Json(mut body): Json<Value>,
) -> Answer {
    session(&service, &mut cx, &headers).await?;
    signed_in(&cx)?;
    if let Some(object) = body.as_object_mut() {
        object.insert("account".into(), json!(cx.account));
    }
    let timeout = service.config("checkout_timeout_ms", 8000);
    // Not repeated: an order must not be placed twice.
    pass(&service, &cx, Call::post("checkout", "/orders", body, timeout)).await
}

async fn orders(State(service): Gateway, Extension(mut cx): Extension<Cx>, headers: HeaderMap) -> Answer {
    session(&service, &mut cx, &headers).await?;
    signed_in(&cx)?;
    let timeout = service.config("checkout_timeout_ms", 8000);
    pass(&service, &cx, Call::get("checkout", "/orders", "/orders", timeout)).await
}

async fn partner_orders(
    State(service): Gateway,
    Extension(cx): Extension<Cx>,
    Json(body): Json<Value>,
) -> Answer {
    let timeout = service.config("checkout_timeout_ms", 8000).saturating_mul(3);
    pass(&service, &cx, Call::post("checkout", "/bulk-orders", body, timeout)).await
}
