//! Webhooks of trackers, through the whole server.

use axum::http::StatusCode;
use firebell_integrations::trackers::{TrackerConfig, build_hook};
use ring::hmac;
use serde_json::json;

use crate::tests::{Outside, sample, world_of};
use crate::{AppState, Channels, Site};

const SECRET: &str = "a-webhook-secret-of-tests";

#[tokio::test]
async fn a_signed_webhook_of_a_tracker_hints_at_its_issue_and_nothing_else_is_taken() {
    let config = json!({"kind": "github", "token": "t", "repo": "acme/shop", "webhook_secret": SECRET});
    let config: TrackerConfig = serde_json::from_value(config).expect("a configuration");
    let hook = build_hook("shop", &config).expect("builds").expect("has a secret");
    let mut w = world_of(sample::policy(), |_| {});
    let state = AppState { channels: Channels::default().with_issues([hook]), ..w.state.clone() };
    w.app = Site::with(state.clone(), Outside::new(200)).router();
    w.state = state;
    let body = json!({"action": "closed", "issue": {"number": 12}, "repository": {"full_name": "acme/shop"}});
    let body = body.to_string();
    let post = |key: &'static str, path: &'static str| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let tag = format!("sha256={}", hex::encode(hmac::sign(&key, body.as_bytes()).as_ref()));
        let (w, body) = (&w, body.clone());
        async move {
            let headers = [
                ("content-type", "application/json"),
                ("x-github-event", "issues"),
                ("x-hub-signature-256", tag.as_str()),
            ];
            let answer = w.send("POST", path, &headers, body).await;
            (answer.status, answer.text)
        }
    };
    let issues = w.state.handle.issues();
    let forged = post("another", "/hooks/github/shop").await;
    assert_eq!(forged, (StatusCode::UNAUTHORIZED, String::new()));
    assert_eq!(post(SECRET, "/hooks/github/other").await.0, StatusCode::NOT_FOUND);
    assert!(!issues.is_waiting("github/shop", "acme/shop#12"));
    assert_eq!(post(SECRET, "/hooks/github/shop").await, (StatusCode::OK, String::new()));
    assert!(issues.is_waiting("github/shop", "acme/shop#12"));
}
