//! One incident from its first word to its last, repetitions, limits, keys that are revoked, and what is not told.

use std::time::Duration;

use firebell_core::effect::Outcome;
use firebell_core::incident::Status;
use firebell_core::ports::notifier::{Message, Notifier, Standing};
use firebell_core::severity::{IncidentKind, Severity};
use serde_json::{Value, json};

use super::double::{KEY, PAGE, Shared, page};
use super::{Config, Statuspage};
use crate::doubles::provider::{Provider, Reply};

fn config(url: &str) -> Config {
    serde_json::from_value(json!({"name": "main", "page_id": PAGE, "key": KEY, "url": format!("{url}/v1"),
        "components": {"checkout": "ftgks51sfs2d", "search": "b13yz5g2cw10"}, "timeout_s": 0.4}))
    .expect("a configuration")
}

async fn started() -> (Statuspage, Provider, Shared) {
    let (provider, kept) = page().await;
    (Statuspage::paced(&config(&provider.url), Duration::ZERO).expect("it builds"), provider, kept)
}

fn standing(status: Status) -> Standing {
    Standing {
        title: "Errors in checkout".to_owned(),
        status,
        last: false,
        severity: Severity::Sev1,
        kind: IncidentKind::Availability,
        services: vec!["checkout".to_owned(), "pg-proxy".to_owned()],
        secret: false,
        drill: false,
        by_person: false,
    }
}

fn message(key: &str, standing: Standing) -> Message {
    Message {
        key: key.to_owned(),
        incident: "INC-2026-0042".to_owned(),
        audience: "public".to_owned(),
        subject: format!("Subject of {key}"),
        body: format!("Body of {key}"),
        standing: Some(standing),
        ..Message::default()
    }
}

fn sent(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { .. })
}

fn incidents(kept: &Shared) -> Vec<Value> {
    kept.lock().expect("kept").incidents.clone()
}

#[tokio::test]
async fn an_incident_is_made_updated_and_resolved() {
    let (channel, provider, kept) = started().await;
    let last = Standing { last: true, ..standing(Status::Resolved) };
    let mut steps = Vec::new();
    for (key, standing) in [
        ("k1", standing(Status::Investigating)),
        ("k2", standing(Status::Identified)),
        ("k3", standing(Status::Mitigating)),
        ("k4", standing(Status::Monitoring)),
        ("k5", last),
    ] {
        assert!(sent(&channel.send(&message(key, standing)).await));
        let all = incidents(&kept);
        assert_eq!(all.len(), 1, "{all:?}");
        let (status, component) = (all[0]["status"].as_str().unwrap_or_default(), &all[0]["components"][0]);
        steps.push(format!("{status} {}", component["status"].as_str().unwrap_or_default()));
    }
    assert_eq!(
        steps,
        [
            "investigating major_outage",
            "identified major_outage",
            "identified major_outage",
            "monitoring degraded_performance",
            "resolved operational"
        ]
    );
    let all = incidents(&kept);
    assert_eq!(
        (&all[0]["name"], &all[0]["impact_override"]),
        (&json!("Errors in checkout"), &json!("critical"))
    );
    assert_eq!(all[0]["components"].as_array().map(Vec::len), Some(1), "only what is mapped");
    assert_eq!(all[0]["incident_updates"].as_array().map(Vec::len), Some(5));
    // It comes back: the same incident goes on.
    assert!(sent(&channel.send(&message("k6", standing(Status::Investigating))).await));
    assert_eq!((incidents(&kept).len(), incidents(&kept)[0]["status"].clone()), (1, json!("investigating")));
    provider.taken();
}

#[tokio::test]
async fn an_answer_that_was_lost_makes_no_second_incident_and_no_second_update() {
    let (channel, provider, kept) = started().await;
    kept.lock().expect("kept").instead = vec![(0, true, Reply::Cut), (1, true, Reply::Hang)];
    let first = message("k1", standing(Status::Investigating));
    assert!(matches!(channel.send(&first).await, Outcome::Retry { .. }));
    // The process was started again meanwhile.
    let channel = Statuspage::paced(&config(&provider.url), Duration::ZERO).expect("it builds");
    assert!(sent(&channel.send(&first).await));
    let second = message("k2", standing(Status::Identified));
    assert!(matches!(channel.send(&second).await, Outcome::Retry { .. }));
    assert!(sent(&channel.send(&second).await));
    assert!(sent(&channel.send(&first).await), "late and known by its text");
    let all = incidents(&kept);
    assert_eq!((all.len(), all[0]["incident_updates"].as_array().map(Vec::len)), (1, Some(2)), "{all:?}");
    provider.taken();
}

#[tokio::test]
async fn two_updates_at_once_make_one_incident() {
    let (channel, provider, kept) = started().await;
    let (a, b) =
        (message("k1", standing(Status::Investigating)), message("k2", standing(Status::Investigating)));
    let (a, b) = tokio::join!(channel.send(&a), channel.send(&b));
    assert!(sent(&a) && sent(&b));
    assert_eq!(incidents(&kept).len(), 1);
    provider.taken();
}

#[tokio::test]
async fn limits_are_waited_for_and_a_revoked_key_is_told() {
    let (channel, _provider, kept) = started().await;
    let slow = |status| {
        Reply::With(status, vec![("retry-after", "60".to_owned())], json!({"error": "slow down"}).to_string())
    };
    let gone = Reply::Is(401, json!({"error": "Could not authenticate"}).to_string());
    let wrong = Reply::Is(422, json!({"error": ["Component does not exist"]}).to_string());
    kept.lock().expect("kept").instead =
        vec![(0, false, slow(420)), (1, false, slow(429)), (2, false, gone), (3, false, wrong)];
    let first = message("k1", standing(Status::Investigating));
    for _ in 0..2 {
        assert!(matches!(channel.send(&first).await, Outcome::Retry { after_s: Some(60), .. }));
    }
    for said in ["set `key`", "Component does not exist"] {
        match channel.send(&first).await {
            Outcome::Permanent { reason } => {
                assert!(reason.contains(said) && !reason.contains(KEY), "{reason}")
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(sent(&channel.send(&first).await));
}

#[tokio::test]
async fn calls_keep_their_distance() {
    let (provider, _kept) = page().await;
    let channel = Statuspage::paced(&config(&provider.url), Duration::from_millis(40)).expect("it builds");
    let begun = std::time::Instant::now();
    assert!(sent(&channel.send(&message("k1", standing(Status::Investigating))).await));
    // Two looks and one write.
    assert!(begun.elapsed() >= Duration::from_millis(80));
    assert_eq!(provider.taken().len(), 3);
}

#[tokio::test]
async fn nothing_goes_of_what_is_restricted_a_drill_or_for_others() {
    let (channel, provider, kept) = started().await;
    let secret = Standing { secret: true, ..standing(Status::Investigating) };
    let drill = Standing { drill: true, ..standing(Status::Investigating) };
    for standing in [secret.clone(), drill] {
        assert!(matches!(channel.send(&message("k1", standing)).await, Outcome::Permanent { .. }));
    }
    let internal =
        Message { audience: "internal".to_owned(), ..message("k2", standing(Status::Investigating)) };
    assert!(matches!(channel.send(&internal).await, Outcome::Permanent { .. }));
    let test = Message { incident: "test".to_owned(), standing: None, ..internal };
    assert!(sent(&channel.send(&test).await));
    assert!(incidents(&kept).is_empty());
    // A person says so: their words, and nothing of what it touches.
    let person = Standing { by_person: true, ..secret };
    assert!(sent(&channel.send(&message("k3", person)).await));
    let all = incidents(&kept);
    assert!(all[0]["components"].is_null() && all[0]["impact_override"].is_null(), "{all:?}");
    provider.taken();
}

#[tokio::test]
async fn a_component_that_another_incident_holds_is_not_put_back() {
    let (channel, provider, kept) = started().await;
    assert!(sent(&channel.send(&message("k1", standing(Status::Investigating))).await));
    let other =
        Message { incident: "INC-2026-0043".to_owned(), ..message("o1", standing(Status::Investigating)) };
    assert!(sent(&channel.send(&other).await));
    let last = Standing { last: true, ..standing(Status::Resolved) };
    assert!(sent(&channel.send(&message("k2", last)).await));
    let all = incidents(&kept);
    assert_eq!(all[0]["status"], "resolved");
    assert_eq!(all[0]["components"], json!([]), "the other one still holds it");
    provider.taken();
}

#[test]
fn mistakes_are_named_by_their_fields() {
    let wrong = |change: &dyn Fn(&mut Config)| {
        let mut config = config("http://127.0.0.1:1");
        change(&mut config);
        Statuspage::new(&config).err().map(|e| e.field)
    };
    assert_eq!(wrong(&|_| {}), None);
    assert_eq!(wrong(&|c| c.page_id = "../x".to_owned()).as_deref(), Some("page_id"));
    let unmapped = wrong(&|c| {
        c.components.insert("a".to_owned(), "b/c".to_owned());
    });
    assert_eq!(unmapped.as_deref(), Some("components.a"));
}
