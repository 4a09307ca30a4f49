//! Posts held against Mattermost's documentation, faults, and what is pressed and commanded.

use std::sync::Arc;

use firebell_core::ports::notifier::Notifier;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Config, Mattermost, Settings, parse};
use crate::doubles::channel::{Channel, hostile, page};
use crate::doubles::provider::{Provider, Reply, Seen, all_of};
use crate::replies::tests::{header, request};
use crate::replies::{Received, Receiver as _, Reference, ReplyError, Said};

const TOKEN: &str = "9xuqwrwgstrb3mzrxb83nb357a";
const CHANNEL: &str = "4xp9fdt77pncbef59f4k1qe83o";
const COMMAND: &str = "xr3j5x3p4pfk7kk6ck7b4e6ghh";

fn config(url: &str, more: &Value) -> Config {
    let mut config = json!({"name": "ops", "url": url, "token": TOKEN, "to": [CHANNEL], "timeout_s": 0.4,
        "callback_url": "https://firebell.example.com/hooks/mattermost/ops", "action_secret": "not a real secret",
        "command_token": COMMAND});
    for (name, value) in more.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    serde_json::from_value(config).expect("a configuration")
}

fn mattermost(url: &str) -> Arc<dyn Notifier> {
    Arc::new(Mattermost::new(&config(url, &json!({}))).expect("builds"))
}

/// By webhook.
fn hook(url: &str) -> Arc<dyn Notifier> {
    let more = json!({"url": null, "token": null, "to": [], "webhook_url": format!("{url}/hooks/s3cr3t")});
    Arc::new(Mattermost::new(&config("", &more)).expect("builds"))
}

/// <https://developers.mattermost.com/integrate/reference/message-attachments/>,
/// <https://developers.mattermost.com/integrate/plugins/interactive-messages/>.
fn attachment(of: &Value) -> Result<(), String> {
    let text = of["text"].as_str().unwrap_or_default();
    all_of(&[
        (of["fallback"].as_str().is_some_and(|f| !f.is_empty()), "fallback"),
        (of["color"].as_str().is_some_and(|c| c.len() == 7 && c.starts_with('#')), "color"),
        (text.chars().count() <= 4000, "the text's length"),
        (!text.contains("@all") && !text.contains("@channel") && !text.contains("@here"), "mentions"),
    ])?;
    for action in of["actions"].as_array().into_iter().flatten() {
        let id = action["id"].as_str().unwrap_or_default();
        all_of(&[
            (!id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()), "an action's id"),
            (action["integration"]["url"].as_str().is_some_and(|u| u.starts_with("https://")), "its address"),
            (action["integration"]["context"].is_object(), "its context"),
        ])?;
    }
    Ok(())
}

/// <https://developers.mattermost.com/api-documentation/#/operations/CreatePost>.
fn documented(seen: &Seen) -> Result<(), String> {
    let body = seen.json();
    all_of(&[
        (seen.method == "POST" && seen.path == "/api/v4/posts", "the method"),
        (seen.header("authorization") == format!("Bearer {TOKEN}"), "the token"),
        (body["channel_id"] == CHANNEL, "channel_id"),
        (body["message"].is_string(), "message"),
        (body["metadata"]["priority"]["priority"] == "urgent", "priority"),
    ])?;
    attachment(&body["props"]["attachments"][0])
}

/// <https://developers.mattermost.com/integrate/webhooks/incoming/#parameters>.
fn documented_hook(seen: &Seen) -> Result<(), String> {
    let body = seen.json();
    all_of(&[
        (seen.method == "POST" && seen.path == "/hooks/s3cr3t", "the method"),
        (seen.header("content-type") == "application/json", "JSON"),
        (body["priority"]["priority"] == "urgent", "priority"),
    ])?;
    attachment(&body["attachments"][0])
}

fn taken(_: &Seen) -> Reply {
    Reply::Is(201, json!({"id": "mrxhuzsyzbd19e6z1ekoywhwqo", "channel_id": CHANNEL}).to_string())
}

fn says(status: u16, id: &str, message: &str) -> Reply {
    Reply::Is(status, json!({"id": id, "message": message, "status_code": status}).to_string())
}

#[tokio::test]
async fn posts_stand_everything() {
    let channel = Channel {
        make: mattermost,
        check: documented,
        taken,
        revoked: (
            says(401, "api.context.session_expired.app_error", "Invalid or expired session"),
            "`token`",
        ),
        gone: (says(404, "app.channel.get.existing.app_error", "Unable to find the channel"), "`to`"),
        safe: false,
        looks: false,
        secret: TOKEN,
        reads: true,
    };
    channel.stands_everything().await;
}

#[tokio::test]
async fn webhooks_stand_everything() {
    let channel = Channel {
        make: hook,
        check: documented_hook,
        taken: |_| Reply::Is(200, "ok".into()),
        revoked: (says(400, "web.incoming_webhook.invalid.app_error", "Invalid webhook"), "`webhook_url`"),
        gone: (
            says(404, "web.incoming_webhook.channel.app_error", "Couldn't find the channel"),
            "`webhook_url`",
        ),
        safe: false,
        looks: false,
        secret: "s3cr3t",
        reads: true,
    };
    channel.stands_everything().await;
}

#[tokio::test]
async fn a_button_gives_back_what_we_signed() {
    let provider = Provider::start(documented, |seen, _| taken(seen)).await;
    mattermost(&provider.url).send(&page()).await;
    let actions = provider.last().json()["props"]["attachments"][0]["actions"].clone();
    assert_eq!((&actions[0]["id"], &actions[1]["name"]), (&json!("firebellacknowledge"), &json!("Escalate")));
    let press = |context: &Value| {
        let body = json!({"user_id": "u1", "user_name": "ann", "channel_id": CHANNEL, "post_id": "p1", "context": context});
        let headers = [header("Content-Type", "application/json")];
        let body = body.to_string();
        parse(&request("", &headers, &body), &settings(), Timestamp::UNIX_EPOCH)
    };
    let context = &actions[0]["integration"]["context"];
    let Ok(Received::Answer(a)) = press(context) else { panic!("an answer") };
    assert_eq!(
        (a.what.clone(), a.reference.clone()),
        (Said::Acknowledge, Reference::Button("pg-0042.7".into()))
    );
    assert_eq!(settings().say(&a, "Thanks").body, r#"{"ephemeral_text":"Thanks"}"#);
    for forged in [
        json!({"value": "esc:pg-0042.7", "key": context["key"]}),
        json!({"value": "ack:pg-0042.7"}),
        json!({"value": "ack:pg-0042.7", "key": ""}),
        json!({}),
    ] {
        assert!(matches!(press(&forged), Err(ReplyError::Unauthenticated(_))), "{forged}");
    }
    mattermost(&provider.url).send(&hostile()).await;
    let text =
        provider.last().json()["props"]["attachments"][0]["text"].as_str().unwrap_or_default().to_owned();
    assert!(
        text.ends_with("[Open the incident](https://firebell.example.com/i/INC-2026-0042?a=1&b=2)"),
        "{text}"
    );
    assert_eq!(text.matches("](").count(), 1, "no link of theirs: {text}");
}

fn settings() -> Settings {
    Settings::new(&config("https://chat.example.com", &json!({}))).expect("secrets").expect("configured")
}

fn read(body: &str) -> Result<Received, ReplyError> {
    parse(&request("", &[], body), &settings(), Timestamp::UNIX_EPOCH)
}

#[test]
fn commands_are_read_with_their_token_only() {
    let form = |token: &str, text: &str, later: &str| {
        let pairs = [
            ("token", token),
            ("user_id", "u1"),
            ("user_name", "ann"),
            ("channel_id", CHANNEL),
            ("command", "/incident"),
            ("trigger_id", "t1"),
            ("text", text),
            ("response_url", later),
        ];
        reqwest::Url::parse_with_params("http://x/", pairs)
            .expect("an address")
            .query()
            .unwrap_or_default()
            .to_owned()
    };
    let own = "https://chat.example.com/hooks/commands/xyz";
    let Ok(Received::Answer(a)) = read(&form(COMMAND, "ack 4711", own)) else { panic!("an answer") };
    assert_eq!(
        (a.what, a.reference, a.later.as_deref()),
        (Said::Acknowledge, Reference::Code("4711".into()), Some(own))
    );
    let Ok(Received::Answer(a)) = read(&form(COMMAND, "declare x", "https://chat.example.com.evil.example/"))
    else {
        panic!("an answer")
    };
    assert_eq!((a.what, a.later), (Said::Command("declare x".into()), None));
    for token in ["", "xr3j5x3p4pfk7kk6ck7b4e6ghi"] {
        assert!(matches!(read(&form(token, "ack 4711", own)), Err(ReplyError::Unauthenticated(_))));
    }
    let hook =
        format!("token={COMMAND}&user_id=u1&post_id=p9&trigger_word=firebell&text=firebell+it+is+back");
    assert!(
        matches!(read(&hook), Ok(Received::Answer(a)) if a.what == Said::Message("it is back".into()) && a.id == "post:p9")
    );
}

#[test]
fn configuration_is_checked() {
    for (more, field) in [
        (json!({"token": null}), "token"),
        (json!({"webhook_url": "https://chat.example.com/hooks/x"}), "webhook_url"),
        (json!({"to": ["town-square"]}), "to"),
        (json!({"action_secret": null}), "action_secret"),
        (json!({"action_secret": "short"}), "action_secret"),
        (json!({"command_token": "short"}), "command_token"),
        (json!({"callback_url": "javascript:x"}), "callback_url"),
    ] {
        let error = Mattermost::new(&config("https://chat.example.com", &more)).err().expect("refused");
        assert_eq!(error.field, field);
    }
}

#[test]
fn no_bytes_make_it_fall() {
    crate::replies::tests::hammer(|body| {
        let text = String::from_utf8_lossy(body).into_owned();
        let _ = read(&text);
        let headers = [header("content-type", "application/json")];
        let _ = parse(&request("", &headers, &text), &settings(), Timestamp::UNIX_EPOCH);
    });
}

#[tokio::test]
async fn health_names_the_account() {
    let provider = Provider::start(
        |_| Ok(()),
        |_, _| Reply::Is(200, json!({"id": "u9", "username": "firebell"}).to_string()),
    )
    .await;
    let health = mattermost(&provider.url).health().await;
    assert!(health.ok && health.detail.ends_with("answers to firebell"), "{}", health.detail);
}
