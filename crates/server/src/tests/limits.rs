//! Who asks too much is told to wait, and how long.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use jiff::SignedDuration;
use serde_json::Value;
use tower::ServiceExt;

use super::world::{AM_KEY, bearer, token, world};
use crate::{LimitsConfig, Role, router};

#[tokio::test]
async fn a_person_who_asks_too_much_waits_and_nobody_else_does() {
    let mut w = world();
    w.state.limits = LimitsConfig { requests_per_minute: 3, failures_per_minute: 2 };
    w.app = router(w.state.clone());
    let ask = async |role| w.api(role, "GET", "/api/v1/incidents", Value::Null).await;
    for left in ["2", "1", "0"] {
        let answer = ask(Role::Viewer).await;
        assert_eq!((answer.status.as_u16(), answer.header("ratelimit-remaining")), (200, left));
        assert_eq!((answer.header("ratelimit-limit"), answer.header("ratelimit-policy")), ("3", "3;w=60"));
    }
    let over = ask(Role::Viewer).await;
    assert_eq!((over.status.as_u16(), over.header("retry-after")), (429, "20"));
    assert_eq!((over.header("ratelimit-reset"), over.json()["code"].as_str()), ("60", Some("rate_limited")));
    assert_eq!(ask(Role::Responder).await.status, 200);
    // What senders say is never limited.
    for _ in 0..20 {
        let sent = w.send("POST", "/in/am", &[("authorization", &bearer(AM_KEY))], "[]").await;
        assert!(sent.status.is_success(), "{}", sent.text);
    }
    w.pass(SignedDuration::from_secs(20));
    assert_eq!(ask(Role::Viewer).await.status, 200);
    let text = w.api(Role::Admin, "GET", "/metrics", Value::Null).await.text;
    assert!(text.contains("firebell_rate_limited_total{by=\"person\"} 1\n"), "{text}");
}

#[tokio::test]
async fn an_address_without_a_token_waits_and_a_token_still_opens_from_it() {
    let mut w = world();
    w.state.limits = LimitsConfig { failures_per_minute: 2, ..LimitsConfig::default() };
    w.app = router(w.state.clone());
    let ask = async |address: &str, key: &str| {
        let address: SocketAddr = address.parse().expect("an address");
        let mut request = Request::get("/api/v1/incidents").header("authorization", bearer(key));
        request.extensions_mut().expect("a request").insert(ConnectInfo(address));
        let request = request.body(Body::empty()).expect("a request");
        w.app.clone().oneshot(request).await.expect("an answer").status().as_u16()
    };
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(ask("192.0.2.1:4000", "a guess").await);
    }
    seen.push(ask("192.0.2.2:4000", "a guess").await);
    seen.push(ask("192.0.2.1:4001", &token(Role::Viewer)).await);
    assert_eq!(seen, [401, 401, 429, 401, 200]);
}
