//! The client against a double that checks requests by the contract of `docs/platform-api.md`, and faults.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use firebell_core::effect::Outcome;
use firebell_core::ports::platform::{ActionRequest, Platform as _, Stage};
use firebell_core::ports::telemetry::{QueryError, TelemetrySource as _};
use firebell_core::telemetry::TelemetryPart;
use serde_json::{Value, json};

use super::{Config, HttpPlatform};
use crate::doubles::{FAULTS, Fault, faulty, serve, window};

fn client(url: &str) -> HttpPlatform {
    let config: Config =
        serde_json::from_value(json!({"name": "shop", "url": url, "token": "t0ken", "timeout_s": 0.5}))
            .expect("a configuration");
    HttpPlatform::new(&config).expect("builds")
}

fn action(name: &str, params: Value) -> ActionRequest {
    ActionRequest {
        key: "INC-2026-0042:31:0".into(),
        action: name.into(),
        target: "service/catalog".into(),
        params,
        dry_run: false,
    }
}

/// Answers by key, as the contract asks: the same key acts once.
#[derive(Default)]
struct World {
    answers: BTreeMap<String, Value>,
    acted: u32,
}

type Shared = Arc<Mutex<World>>;

fn allowed(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|v| v == "Bearer t0ken")
}

async fn act(
    State(world): State<Shared>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    if !allowed(&headers) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"error": "send the token"})));
    }
    let text = |key: &str| body[key].as_str().unwrap_or("").to_owned();
    for field in ["key", "action", "target"] {
        if text(field).is_empty() {
            return (StatusCode::BAD_REQUEST, Json(json!({"error": "is missing", "field": field})));
        }
    }
    if headers.get("idempotency-key").is_none_or(|v| v.as_bytes() != text("key").as_bytes()) {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "differs from the header", "field": "key"})));
    }
    if !body["dry_run"].is_boolean() || !body["params"].is_object() {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "has the wrong type", "field": "params"})));
    }
    let mut world = world.lock().expect("a lock");
    if let Some(answer) = world.answers.get(&text("key")) {
        return (StatusCode::OK, Json(answer.clone()));
    }
    let answer = match text("action").as_str() {
        "rollback" => json!({"status": "done", "output": "catalog 1.8.0 -> 1.7.3",
            "inverse": {"action": "rollback", "params": {"to": "1.8.0"}}}),
        "restart" => json!({"status": "already_done", "output": "it restarts"}),
        "fail_over" => json!({"status": "refused", "output": "no standby is healthy"}),
        "odd" => json!({"status": "maybe"}),
        _ => {
            let error = json!({"error": "unknown action; see actions of the service", "field": "action"});
            return (StatusCode::UNPROCESSABLE_ENTITY, Json(error));
        }
    };
    world.acted += 1;
    world.answers.insert(text("key"), answer.clone());
    (StatusCode::OK, Json(answer))
}

fn double(world: &Shared) -> Router {
    let services = json!({"services": [
        {"name": "catalog", "component": "service/catalog", "ready": true, "version": "1.8.0",
         "versions": ["1.7.3", "1.8.0"], "replicas": 2, "config": {"db_pool_size": 20, "db_password": "hunter2"},
         "flags": {"eager_loading": {"enabled": false, "percent": 0}}, "actions": ["rollback"],
         "calls": ["database/catalog", "service/catalog"]},
        {"name": "gateway", "component": "gateway/edge", "ready": false, "calls": ["service/catalog"], "new_field": 1}]});
    Router::new()
        .route(
            "/platform/v1/services",
            get(move |headers: HeaderMap| async move {
                if allowed(&headers) { Ok(Json(services)) } else { Err(StatusCode::UNAUTHORIZED) }
            }),
        )
        .route("/platform/v1/actions", post(act))
        .route(
            "/platform/v1/smoke",
            post(|| async {
                Json(
                    json!({"checks": [{"name": "sign in and buy", "component": "service/checkout", "ok": true,
                    "detail": "201 in 84 ms", "duration_ms": 84}]}),
                )
            }),
        )
        .with_state(Arc::clone(world))
}

#[tokio::test]
async fn services_are_read_and_served_as_evidence() {
    let server = serve(double(&Shared::default())).await;
    let platform = client(&server.url);
    let list = platform.services().await.expect("answers");
    assert_eq!((list.len(), list[0].replicas, list[0].versions.len(), list[1].ready), (2, 2, 2, false));
    let answer = platform.cluster_state().expect("has state").await.expect("answers");
    let TelemetryPart::Objects(objects) = answer.part else { panic!("not objects") };
    assert_eq!(objects[0].object["kind"], "PlatformService");
    assert_eq!(objects[0].object["spec"]["version"], "1.8.0");
    assert_eq!(objects[0].object["spec"]["config"]["db_password"], "[secret]");
    let answer = platform.topology(window(1, 2)).expect("has topology").await.expect("answers");
    let TelemetryPart::Topology(edges) = answer.part else { panic!("not topology") };
    let edges: Vec<_> = edges.iter().map(|e| (e.caller.as_str(), e.callee.as_str())).collect();
    assert_eq!(edges, [("gateway/edge", "service/catalog"), ("service/catalog", "database/catalog")]);
    assert!(
        firebell_core::ports::platform::Platform::health(&platform)
            .await
            .detail
            .contains("1 of 2 services ready")
    );
    assert!(platform.smoke().await.is_ok_and(|c| c[0].ok && c[0].duration_ms == 84));
}

#[tokio::test]
async fn answers_become_outcomes_and_a_repetition_acts_once() {
    let world = Shared::default();
    let server = serve(double(&world)).await;
    let platform = client(&server.url);
    for _ in 0..2 {
        let outcome = platform.act(&action("rollback", json!({"to": "1.7.3"}))).await;
        let Outcome::Done { detail, data } = outcome else { panic!("{outcome:?}") };
        assert_eq!((detail.as_str(), &data["params"]["to"]), ("catalog 1.8.0 -> 1.7.3", &json!("1.8.0")));
    }
    assert_eq!(world.lock().expect("a lock").acted, 1);
    let mut other = action("restart", json!({}));
    other.key = "k2".into();
    assert!(matches!(platform.act(&other).await, Outcome::Done { data: Value::Null, .. }));
    for (name, expected) in [
        ("fail_over", "the platform refused: no standby is healthy"),
        ("nonsense", "status 422: action: unknown action; see actions of the service"),
    ] {
        let mut request = action(name, json!({}));
        request.key = name.into();
        assert_eq!(platform.act(&request).await, Outcome::Permanent { reason: expected.into() });
    }
    let mut odd = action("odd", json!({}));
    odd.key = "k3".into();
    assert!(matches!(platform.act(&odd).await, Outcome::Retry { .. }));
    let mut keyless = action("rollback", json!({}));
    keyless.key = String::new();
    assert!(matches!(platform.act(&keyless).await, Outcome::Permanent { .. }), "never acts without a key");
}

#[tokio::test]
async fn what_may_have_been_done_is_repeated_under_its_key() {
    for fault in FAULTS {
        let server = faulty(fault).await;
        let platform = client(&server.url);
        let outcome = platform.act(&action("rollback", json!({}))).await;
        match fault {
            Fault::Redirect => assert!(matches!(outcome, Outcome::Permanent { .. }), "{outcome:?}"),
            _ => assert!(matches!(outcome, Outcome::Retry { .. }), "{fault:?}: {outcome:?}"),
        }
        let error = platform.services().await.expect_err("a fault");
        assert!(error.to_string().starts_with("platform/shop "), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_token_says_what_to_check() {
    let server = serve(double(&Shared::default())).await;
    let config: Config = serde_json::from_value(json!({"name": "shop", "url": server.url, "token": "wrong"}))
        .expect("a configuration");
    let platform = HttpPlatform::new(&config).expect("builds");
    let error = platform.services().await.expect_err("refused");
    assert!(
        matches!(error, QueryError::Refused { .. }) && error.to_string().contains("check bearer_token"),
        "{error}"
    );
    let outcome = platform.act(&action("rollback", json!({}))).await;
    let Outcome::Permanent { reason } = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("check the credentials: send the token"), "{reason}");
}

#[test]
fn a_platform_is_production_unless_marked_as_staging() {
    let build = |more: Value| {
        let mut config = json!({"name": "shop", "url": "http://127.0.0.1:1", "token": "t0ken"});
        if let (Some(all), Some(more)) = (config.as_object_mut(), more.as_object()) {
            all.extend(more.clone());
        }
        let config: Result<Config, _> = serde_json::from_value(config);
        config.map(|c| HttpPlatform::new(&c).expect("builds").stage())
    };
    assert_eq!(build(json!({})).ok(), Some(Stage::Production));
    assert_eq!(build(json!({"stage": "staging"})).ok(), Some(Stage::Staging));
    assert!(build(json!({"stage": "test"})).is_err());
}
