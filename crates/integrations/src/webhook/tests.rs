//! The notifier against a receiver that checks the signature, answers by status, and faults.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier as _};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Config, Webhook, sign, verify};
use crate::doubles::{FAULTS, Fault, faulty, serve};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn notifier(url: &str) -> Webhook {
    let config: Config =
        serde_json::from_value(json!({"name": "status", "url": url, "secret": SECRET, "timeout_s": 0.5}))
            .expect("a configuration");
    Webhook::new(&config).expect("builds")
}

fn message() -> Message {
    Message {
        key: "INC-2026-0042:31:0".into(),
        incident: "INC-2026-0042".into(),
        audience: "public".into(),
        subject: "Checkout is slow".into(),
        body: "We look into it.\nMore at 10:30 – promised.".into(),
        to: vec![],
        link: "https://firebell.example/i/INC-2026-0042".into(),
        ..Message::default()
    }
}

type Seen = Arc<Mutex<Vec<(String, Value)>>>;

#[tokio::test]
async fn a_message_arrives_signed_with_its_key() {
    let seen = Seen::default();
    let router = Router::new()
        .route(
            "/hook/a",
            post(|State(seen): State<Seen>, headers: HeaderMap, body: Bytes| async move {
                let h = |n: &str| headers.get(n).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
                if !verify(SECRET.as_bytes(), &h("Firebell-Signature"), &body, Timestamp::now(), 300) {
                    return StatusCode::UNAUTHORIZED;
                }
                if h("content-type") != "application/json" || h("idempotency-key").is_empty() {
                    return StatusCode::BAD_REQUEST;
                }
                let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
                seen.lock().expect("a lock").push((h("idempotency-key"), value));
                StatusCode::ACCEPTED
            }),
        )
        .with_state(Arc::clone(&seen));
    let server = serve(router).await;
    let webhook = notifier(&format!("{}/hook/a", server.url));
    assert!(matches!(webhook.send(&message()).await, Outcome::Done { .. }));
    assert!(webhook.health().await.ok);
    let seen = seen.lock().expect("a lock");
    assert_eq!(seen[0].0, "INC-2026-0042:31:0");
    assert_eq!(seen[0].1["body"], "We look into it.\nMore at 10:30 – promised.");
    assert_eq!(seen[1].1["event"], "ping");
}

#[tokio::test]
async fn the_status_decides_what_may_be_repeated() {
    for (status, expected) in [
        (200, "done"),
        (204, "done"),
        (301, "permanent"),
        (400, "permanent"),
        (401, "permanent"),
        (404, "permanent"),
        (410, "permanent"),
        (408, "retry"),
        (429, "retry 17"),
        (500, "retry"),
        (503, "retry 17"),
    ] {
        let router = Router::new().route(
            "/",
            post(move || async move {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
                let wait = if expected.ends_with("17") { "17" } else { "" };
                (status, [("retry-after", wait)], "{\"error\":\"because\"}")
            }),
        );
        let server = serve(router).await;
        let outcome = match notifier(&server.url).send(&message()).await {
            Outcome::Done { .. } => "done".to_owned(),
            Outcome::Permanent { .. } => "permanent".to_owned(),
            Outcome::Retry { after_s: Some(s), .. } => format!("retry {s}"),
            Outcome::Retry { .. } => "retry".to_owned(),
        };
        assert_eq!(outcome, expected, "{status}");
    }
}

#[tokio::test]
async fn what_may_have_arrived_is_repeated() {
    for fault in FAULTS {
        let server = faulty(fault).await;
        let outcome = notifier(&server.url).send(&message()).await;
        match fault {
            Fault::NotJson => assert!(matches!(outcome, Outcome::Done { .. }), "any 2xx is done"),
            Fault::Redirect => assert!(matches!(outcome, Outcome::Permanent { .. })),
            _ => assert!(matches!(outcome, Outcome::Retry { .. }), "{fault:?}: {outcome:?}"),
        }
    }
}

#[test]
fn a_signature_holds_for_its_body_time_and_key_only() {
    let at = Timestamp::from_second(1_767_607_200).expect("a time");
    let header = sign(SECRET.as_bytes(), at, b"body");
    // Computed with: printf '1767607200.body' | openssl dgst -sha256 -hmac KEY.
    assert_eq!(header, "t=1767607200,v1=17f9d28fffdaf42a46a6cd921e336c5ec53e752c7e014e39a4c2d3bd929e126e");
    let later = |s: i64| Timestamp::from_second(1_767_607_200 + s).expect("a time");
    assert!(verify(SECRET.as_bytes(), &header, b"body", later(300), 300));
    assert!(!verify(SECRET.as_bytes(), &header, b"body", later(301), 300));
    assert!(!verify(SECRET.as_bytes(), &header, b"bodx", at, 300));
    assert!(!verify(b"another key, long enough", &header, b"body", at, 300));
    for broken in ["", "t=", "v1=00", "t=1767607200", "t=1767607200,v1=zz", "t=99999999999999999999,v1=00"] {
        assert!(!verify(SECRET.as_bytes(), broken, b"body", at, 300), "{broken}");
    }
}

#[tokio::test]
async fn a_person_is_called_at_their_own_address_and_no_secret_header_goes_there() {
    type Got = Arc<Mutex<Vec<(String, bool)>>>;
    let got = Got::default();
    let router = Router::new()
        .route(
            "/{who}",
            post(
                |State(got): State<Got>,
                 axum::extract::Path(who): axum::extract::Path<String>,
                 headers: HeaderMap,
                 body: Bytes| async move {
                    let signature = headers.get("Firebell-Signature").and_then(|v| v.to_str().ok());
                    let genuine = verify(
                        SECRET.as_bytes(),
                        signature.unwrap_or_default(),
                        &body,
                        Timestamp::now(),
                        300,
                    );
                    assert!(genuine, "is signed wherever it goes");
                    got.lock().expect("a lock").push((who, headers.contains_key("x-secret")));
                    StatusCode::ACCEPTED
                },
            ),
        )
        .with_state(Arc::clone(&got));
    let server = serve(router).await;
    let url = &server.url;
    let config = json!({"name": "status", "url": format!("{url}/main"), "secret": SECRET,
        "headers": {"x-secret": "0123456789"}});
    let config: Config = serde_json::from_value(config).expect("a configuration");
    let notifier = Webhook::new(&config).expect("builds");
    let own = Message { to: vec![format!("{url}/ana"), "ana@example.org".to_owned()], ..message() };
    for message in [message(), own.clone(), own] {
        let outcome = notifier.send(&message).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    }
    let seen = got.lock().expect("a lock").clone();
    assert_eq!(seen, [("main".to_owned(), true), ("ana".to_owned(), false)], "each once");
}
