//! Requests held against Discord's documentation, faults, and interactions signed with a key of the test's own.

use std::sync::Arc;

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier};
use jiff::Timestamp;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::{Config, Discord, Settings, parse};
use crate::doubles::channel::{Channel, decisions, hostile, page};
use crate::doubles::provider::{Provider, Reply, Seen, all_of};
use crate::replies::tests::{header, request};
use crate::replies::{Received, Reference, ReplyError, Said, pressed};

const TOKEN: &str = "s3cr3t-webhook-token";

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key")
}

fn config(base: &str, key: bool) -> Config {
    let mut config = json!({"name": "ops", "timeout_s": 0.4,
        "webhook_url": format!("{base}/api/webhooks/223704706495545344/{TOKEN}")});
    if key {
        config["public_key"] = json!(hex::encode(pair().public_key().as_ref()));
    }
    serde_json::from_value(config).expect("a configuration")
}

fn discord(url: &str) -> Arc<dyn Notifier> {
    Arc::new(Discord::new(&config(url, true)).expect("builds"))
}

/// <https://docs.discord.com/developers/resources/webhook#execute-webhook>,
/// <https://docs.discord.com/developers/resources/message#embed-object-embed-limits>,
/// <https://docs.discord.com/developers/components/reference#button>.
fn documented(seen: &Seen) -> Result<(), String> {
    let body = seen.json();
    let embed = &body["embeds"][0];
    let chars = |v: &Value| v.as_str().unwrap_or_default().chars().count();
    let has = |n: &str, v: &str| seen.query.iter().any(|(a, b)| a == n && b == v);
    all_of(&[
        (
            seen.method == "POST" && seen.path == format!("/api/webhooks/223704706495545344/{TOKEN}"),
            "the address",
        ),
        (has("wait", "true"), "wait"),
        (seen.header("content-type") == "application/json", "JSON"),
        (body["allowed_mentions"] == json!({"parse": []}), "allowed_mentions"),
        (body["embeds"].as_array().is_some_and(|e| e.len() == 1), "embeds"),
        ((1..=256).contains(&chars(&embed["title"])), "the title's length"),
        (chars(&embed["description"]) <= 4096, "the description's length"),
        (chars(&embed["title"]) + chars(&embed["description"]) <= 6000, "the embed's length"),
        (embed["color"].as_u64().is_some_and(|c| c <= 0x00FF_FFFF), "color"),
    ])?;
    for row in body["components"].as_array().into_iter().flatten() {
        let buttons = row["components"].as_array().ok_or("components")?;
        all_of(&[(row["type"] == 1, "a row"), ((1..=5).contains(&buttons.len()), "buttons of a row")])?;
        for b in buttons {
            let link = b["style"] == 5;
            all_of(&[
                (b["type"] == 2 && (1..=80).contains(&chars(&b["label"])), "a button"),
                (link == b["url"].is_string() && link != b["custom_id"].is_string(), "url or custom_id"),
                (chars(&b["custom_id"]) <= 100 && chars(&b["url"]) <= 512, "their lengths"),
            ])?;
        }
    }
    Ok(())
}

fn taken(_: &Seen) -> Reply {
    Reply::Is(200, json!({"id": "1110", "channel_id": "290926798626357999"}).to_string())
}

#[tokio::test]
async fn a_decision_has_a_row_of_its_own_and_comes_back_as_the_command() {
    let provider = Provider::start(documented, |seen, _| taken(seen)).await;
    let message = Message { controls: decisions(), ..page() };
    discord(&provider.url).send(&message).await;
    let row = provider.last().json()["components"][1]["components"].clone();
    assert_eq!(row[0]["custom_id"], "ok:approve INC-2027-0001 0123456789abcdef");
    assert_eq!(row.as_array().map(Vec::len), Some(2));
    let (what, _) = pressed(row[0]["custom_id"].as_str().unwrap_or_default()).expect("a button of ours");
    assert_eq!(what, Said::Twice("approve INC-2027-0001 0123456789abcdef".to_owned()));
}

#[tokio::test]
async fn discord_stands_everything() {
    let says =
        |status, code: u32, text: &str| Reply::Is(status, json!({"message": text, "code": code}).to_string());
    let channel = Channel {
        make: discord,
        check: documented,
        taken,
        revoked: (says(401, 50027, "Invalid Webhook Token"), "`webhook_url`"),
        gone: (says(404, 10015, "Unknown Webhook"), "was deleted"),
        safe: false,
        looks: false,
        secret: TOKEN,
        reads: true,
    };
    channel.stands_everything().await;
}

#[tokio::test]
async fn fractions_of_seconds_are_waited_for_and_nobody_is_mentioned() {
    let provider = Provider::start(documented, |seen, n| match n {
        0 => Reply::Is(
            429,
            json!({"message": "You are being rate limited.", "retry_after": 64.57, "global": false})
                .to_string(),
        ),
        _ => taken(seen),
    })
    .await;
    let discord = discord(&provider.url);
    assert!(matches!(discord.send(&page()).await, Outcome::Retry { after_s: Some(65), .. }));
    assert!(matches!(discord.send(&hostile()).await, Outcome::Done { .. }));
    let text = provider.last().json()["embeds"][0]["description"].as_str().unwrap_or_default().to_owned();
    assert!(!text.contains("@everyone") && !text.contains("<@U") && !text.contains("[Sign in]("), "{text}");
}

#[tokio::test]
async fn a_page_has_buttons_where_they_are_answered_and_links_where_not() {
    let provider = Provider::start(documented, |seen, _| taken(seen)).await;
    discord(&provider.url).send(&page()).await;
    let with = provider.last().json()["components"][0]["components"].clone();
    assert_eq!(with[0]["custom_id"], "ack:pg-0042.7");
    assert_eq!(with[2]["url"], page().link);
    let plain = Discord::new(&config(&provider.url, false)).expect("builds");
    plain.send(&page()).await;
    let without = provider.last().json()["components"][0]["components"].clone();
    assert_eq!(without[0]["url"], page().ack.expect("an ack").link);
    assert!(without[0].get("custom_id").is_none());
}

fn settings() -> Settings {
    Settings::new(&config("https://discord.com", true)).expect("a key").expect("configured")
}

fn read(body: &str, time: i64) -> Result<Received, ReplyError> {
    let tag = pair().sign(format!("{time}{body}").as_bytes());
    let headers = [
        header("X-Signature-Ed25519", &hex::encode(tag.as_ref())),
        header("X-Signature-Timestamp", &time.to_string()),
    ];
    parse(&request("", &headers, body), &settings(), Timestamp::from_second(1000).expect("a time"))
}

#[test]
fn pings_buttons_and_commands_are_read_and_nothing_unsigned() {
    let Ok(Received::Respond(pong)) = read(r#"{"type":1}"#, 1000) else { panic!("a pong") };
    assert_eq!(pong.body, r#"{"type":1}"#);
    let press = json!({"type": 3, "id": "900", "channel_id": "29", "data": {"custom_id": "esc:pg-0042.7"},
        "member": {"user": {"id": "53", "username": "ann"}}})
    .to_string();
    let Ok(Received::Answer(a)) = read(&press, 1000) else { panic!("an answer") };
    assert_eq!((a.what, a.reference), (Said::Escalate, Reference::Button("pg-0042.7".into())));
    assert_eq!((a.account.as_str(), a.id.as_str(), a.place.as_str()), ("53", "900", "29"));
    let command = json!({"type": 2, "id": "901", "user": {"id": "53"}, "data": {"name": "incident",
        "options": [{"name": "ack", "type": 1, "options": [{"name": "code", "value": 4711}]}]}});
    let Ok(Received::Answer(a)) = read(&command.to_string(), 1000) else { panic!("an answer") };
    assert_eq!((a.what, a.reference), (Said::Acknowledge, Reference::Code("4711".into())));
    assert!(matches!(read(&press, 1301 + 1), Err(ReplyError::Unauthenticated(_))), "from the future");
    assert!(matches!(read(&press, 699), Err(ReplyError::Unauthenticated(_))), "too old");
    let tag = hex::encode(pair().sign(format!("1000{press}").as_bytes()).as_ref());
    let other = [header("X-Signature-Ed25519", &tag), header("X-Signature-Timestamp", "1001")];
    let now = Timestamp::from_second(1000).expect("a time");
    assert!(parse(&request("", &other, &press), &settings(), now).is_err());
    let short = [header("X-Signature-Ed25519", "00"), header("X-Signature-Timestamp", "1000")];
    assert!(parse(&request("", &short, &press), &settings(), now).is_err());
}

#[test]
fn configuration_is_checked_and_shows_no_address() {
    let base = json!({"name": "x", "webhook_url": "https://discord.com/api/webhooks/1/s3cr3t"});
    for (field, value) in [
        ("public_key", json!("00")),
        ("webhook_url", json!("http://discord.com/api/webhooks/1/s3cr3t")),
        ("webhook_url", json!("https://discord.com/api/webhooks/1/s3cr3t?wait=false")),
    ] {
        let mut config = base.clone();
        config[field] = value;
        let error = Discord::new(&serde_json::from_value(config).expect("parses")).err().expect("refused");
        assert_eq!(error.field, field);
        assert!(!error.to_string().contains("s3cr3t"), "{error}");
    }
}

#[test]
fn no_bytes_make_it_fall() {
    crate::replies::tests::hammer(|body| {
        let _ = read(&String::from_utf8_lossy(body), 1000);
    });
}
