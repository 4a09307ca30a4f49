//! Webhooks of trackers, through the whole server.

use axum::http::StatusCode;
use firebell_core::effect::Effect;
use firebell_core::incident::{Actor, IssueEffect, Opening};
use firebell_core::policy::{ItemTracker, Policy};
use firebell_core::severity::Severity;
use firebell_integrations::trackers::{TrackerConfig, build_hook};
use ring::hmac;
use serde_json::{Value, json};

use crate::tests::{Browser, Outside, sample, world_of};
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

#[tokio::test]
async fn the_page_of_an_incident_leads_to_the_issues_of_its_action_items() {
    for (url, shown) in [
        ("https://github.com/acme/shop/issues/12", true),
        // What a tracker sends as an address is not one yet.
        ("javascript:alert(1)", false),
    ] {
        let tracker = ItemTracker { name: "github/shop".to_owned(), restricted: false };
        let w = world_of(Policy { tracker, ..sample::policy() }, |_| {});
        let opening = Opening {
            title: "The logo is blue".to_owned(),
            severity: Some(Severity::Sev4),
            ..Opening::default()
        };
        let id = w.handle.open(opening, Actor::person("ada")).await.expect("opens").incident;
        let b = Browser::sign_in(&w, "token-of-ada-0123456789").await;
        let files = |effect: &Effect| match effect {
            Effect::Issue(IssueEffect::File { .. }) => {
                json!({"id": "acme/shop#12", "key": "acme/shop#12", "url": url})
            }
            _ => Value::Null,
        };
        w.play_giving(&files).await;
        let page = b.get(&format!("/incidents/{id}")).await.text.replace("&#x2f;", "/");
        let link =
            format!("<a href=\"{url}\" rel=\"noopener noreferrer\" target=\"_blank\">acme/shop#12</a>");
        assert_eq!(page.contains(&link), shown, "{page}");
        assert!(page.contains("acme/shop#12") && !page.contains("href=\"javascript"), "{page}");
    }
}
