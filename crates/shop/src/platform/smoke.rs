//! Smoke tests of the critical paths, through the gateway as a customer.

use std::time::Instant;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::api::Platform;
use crate::services::accounts;

const IP: &str = "127.0.0.1";
/// Slower than this is not all right, in milliseconds.
const SLOW_MS: u128 = 1500;

struct Checks<'a> {
    platform: &'a Platform,
    token: Option<String>,
    out: Vec<Value>,
}

/// Runs them, one after the other.
pub(super) async fn run(platform: &Platform) -> Vec<Value> {
    let mut checks = Checks { platform, token: None, out: Vec::new() };
    checks.check("home page", "gateway", Method::GET, "/", None, |b| b["featured"].is_array()).await;
    checks
        .check("product list", "catalog", Method::GET, "/products?page=1", None, |b| b["items"].is_array())
        .await;
    // Several products, with and without a rating.
    for id in [3, 7] {
        let path = format!("/products/{id}");
        let right = |b: &Value| b["actions"].as_array().is_some_and(|a| a.contains(&json!("buy")));
        checks.check("product page", "catalog", Method::GET, &path, None, right).await;
    }
    let cart = format!("smoke-{:x}", crate::telemetry::now_ns());
    let mut expected = 0;
    for id in [3, 7] {
        let body = json!({"cart": cart, "product": id, "quantity": 2});
        let line = checks.check("add to cart", "checkout", Method::POST, "/cart", Some(body), |_| true).await;
        expected += line["price_cents"].as_i64().unwrap_or(0) * 2;
    }
    let account = accounts::account_name(accounts::ACCOUNTS - 1);
    let shared = &platform.shared;
    let password = accounts::password_of(shared.options.seed, &account, shared.rotations(&account));
    let body = json!({"account": account, "password": password});
    let session = checks.check("sign in", "accounts", Method::POST, "/signin", Some(body), |_| true).await;
    checks.token = session["token"].as_str().map(|t| format!("Bearer {t}"));
    let wanted = expected - expected * 5 / 100;
    let body = json!({"cart": cart});
    let right = move |b: &Value| b["total_cents"] == json!(wanted);
    checks.check("sign in and buy", "checkout", Method::POST, "/checkout", Some(body), right).await;
    checks.check("own orders", "checkout", Method::GET, "/orders", None, |b| b["orders"].is_array()).await;
    checks.out
}

impl Checks<'_> {
    async fn check(
        &mut self,
        name: &str,
        service: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
        right: impl Fn(&Value) -> bool,
    ) -> Value {
        let begun = Instant::now();
        let headers: Vec<(&str, &str)> = self.token.iter().map(|t| ("authorization", t.as_str())).collect();
        let reply = self.platform.outside.ask(method, path, body, IP, &headers).await;
        let took = begun.elapsed().as_millis();
        let (ok, detail, body) = match reply {
            // A declined card is the bank's answer, not a fault of the shop.
            Some((StatusCode::PAYMENT_REQUIRED, body)) => (true, format!("card declined in {took} ms"), body),
            Some((status, body)) => {
                let fine = status.is_success() && right(&body) && took < SLOW_MS;
                let wrong = if status.is_success() && !right(&body) { ", wrong content" } else { "" };
                (fine, format!("{} in {took} ms{wrong}", status.as_u16()), body)
            }
            None => (false, format!("no answer after {took} ms"), Value::Null),
        };
        let component = format!("{}{service}", crate::world::COMPONENT_PREFIX);
        let millis = u64::try_from(took).unwrap_or(u64::MAX);
        self.out.push(json!({
            "name": name, "component": component, "ok": ok, "detail": detail, "duration_ms": millis
        }));
        body
    }
}
