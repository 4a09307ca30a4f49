//! Requests held against ntfy's documentation, and faults.

use std::sync::Arc;

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier, Urgency};
use serde_json::{Value, json};

use super::{Config, Ntfy};
use crate::doubles::channel::{Channel, page};
use crate::doubles::provider::{Provider, Reply, Seen, all_of};

const TOKEN: &str = "tk_not_a_real_token";

fn config(url: &str, to: &[&str]) -> Config {
    serde_json::from_value(json!({"name": "oncall", "url": url, "token": TOKEN, "to": to, "timeout_s": 0.4}))
        .expect("a configuration")
}

fn ntfy(url: &str) -> Arc<dyn Notifier> {
    Arc::new(Ntfy::new(&config(url, &["oncall-a1b2c3"])).expect("builds"))
}

/// <https://docs.ntfy.sh/publish/#publish-as-json>, <https://docs.ntfy.sh/publish/#action-buttons>,
/// <https://docs.ntfy.sh/publish/#limitations>.
fn documented(seen: &Seen) -> Result<(), String> {
    let body = seen.json();
    let bytes = |name: &str| body[name].as_str().unwrap_or_default().len();
    let id = body["sequence_id"].as_str().unwrap_or_default();
    let known = ["topic", "title", "message", "priority", "tags", "actions", "sequence_id", "click"];
    all_of(&[
        (seen.method == "POST" && seen.path == "/", "JSON is posted to the root"),
        (seen.header("authorization") == format!("Bearer {TOKEN}"), "the token"),
        (
            body.as_object().is_some_and(|o| o.keys().all(|k| known.contains(&k.as_str()))),
            "a field that is not known",
        ),
        (body["topic"] == "oncall-a1b2c3", "topic"),
        ((1..=4096).contains(&bytes("message")), "the message's length"),
        (bytes("title") <= 250, "the title's length"),
        (body["priority"].as_u64().is_some_and(|p| (1..=5).contains(&p)), "priority"),
        (body["tags"].is_array(), "tags"),
        ((1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric()), "sequence_id"),
        (body["actions"].as_array().is_some_and(|a| a.len() <= 3), "three actions at most"),
    ])?;
    for action in body["actions"].as_array().into_iter().flatten() {
        all_of(&[
            (["view", "http"].contains(&action["action"].as_str().unwrap_or_default()), "action"),
            (action["url"].as_str().is_some_and(|u| u.starts_with("https://")), "url"),
            (action["label"].is_string(), "label"),
        ])?;
    }
    Ok(())
}

fn taken(_: &Seen) -> Reply {
    Reply::Is(200, json!({"id": "hwQ2YpKdmg", "event": "message", "topic": "oncall-a1b2c3"}).to_string())
}

fn says(http: u16, code: u32, error: &str) -> Reply {
    Reply::Is(
        http,
        json!({"code": code, "http": http, "error": error, "link": "https://docs.ntfy.sh"}).to_string(),
    )
}

#[tokio::test]
async fn ntfy_stands_everything() {
    let channel = Channel {
        make: ntfy,
        check: documented,
        taken,
        revoked: (says(401, 40101, "unauthorized"), "`token`"),
        gone: (says(403, 40301, "forbidden"), "`to`"),
        safe: true,
        looks: false,
        secret: TOKEN,
        reads: true,
    };
    channel.stands_everything().await;
}

#[tokio::test]
async fn a_page_rings_and_is_acknowledged_by_its_button() {
    let provider = Provider::start(documented, |seen, _| taken(seen)).await;
    let ntfy = ntfy(&provider.url);
    ntfy.send(&page()).await;
    let body = provider.last().json();
    assert_eq!((body["priority"].as_u64(), &body["tags"]), (Some(5), &json!(["rotating_light"])));
    let ack = json!({"action": "http", "label": "Acknowledge", "url": "https://firebell.example.com/ack/6f1c?t=abc&x=1",
        "method": "POST", "clear": true});
    assert_eq!(body["actions"][0], ack);
    ntfy.send(&Message { urgency: Urgency::Low, key: "2".into(), ack: None, ..page() }).await;
    let low = provider.last().json();
    assert_eq!((low["priority"].as_u64(), &low["tags"]), (Some(2), &json!([])));
    assert_ne!(low["sequence_id"], body["sequence_id"], "another key is another message");
}

#[tokio::test]
async fn health_says_what_is_wrong() {
    for (reply, ok) in [
        (Reply::Is(200, r#"{"healthy":true}"#.into()), true),
        (Reply::Is(200, "<html>".into()), false),
        (Reply::Is(502, "bad".into()), false),
    ] {
        let provider = Provider::start(|_| Ok(()), move |_, _| reply.clone()).await;
        assert_eq!(ntfy(&provider.url).health().await.ok, ok);
    }
}

#[test]
fn topics_are_checked() {
    let error = Ntfy::new(&config("https://ntfy.sh", &["a b"])).err().expect("refused");
    assert_eq!(error.field, "to");
    let none: Value = json!({"name": "x"});
    assert!(serde_json::from_value::<Config>(none).is_ok(), "everything else has a default");
}

#[tokio::test]
async fn several_topics_get_it_and_one_refusal_does_not_keep_it_from_the_others() {
    let provider = Provider::start(
        |_| Ok(()),
        |seen, _| if seen.json()["topic"] == "b" { says(403, 40301, "forbidden") } else { taken(seen) },
    )
    .await;
    let ntfy = Ntfy::new(&config(&provider.url, &["a", "b", "c"])).expect("builds");
    let Outcome::Done { detail, .. } = ntfy.send(&page()).await else { panic!("done") };
    assert!(detail.contains("2 of 3") && detail.contains("forbidden"), "{detail}");
}
