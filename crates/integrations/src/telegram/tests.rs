//! Requests held against the Bot API's documentation, faults, and updates.

use std::sync::Arc;

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Config, Settings, Telegram, parse};
use crate::doubles::channel::{Channel, decisions, page};
use crate::doubles::provider::{Provider, Reply, Seen, all_of};
use crate::replies::tests::{header, request};
use crate::replies::{Received, Receiver as _, Reference, ReplyError, Said};

const TOKEN: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
const SECRET: &str = "not-a-real-secret-token";

fn config(url: &str, more: &Value) -> Config {
    let mut config = json!({"name": "oncall", "url": url, "token": TOKEN, "to": ["-1001234567890"],
        "secret_token": SECRET, "timeout_s": 0.4});
    for (name, value) in more.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    serde_json::from_value(config).expect("a configuration")
}

fn telegram(url: &str) -> Arc<dyn Notifier> {
    Arc::new(Telegram::new(&config(url, &json!({}))).expect("builds"))
}

/// <https://core.telegram.org/bots/api#sendmessage>, <https://core.telegram.org/bots/api#html-style>.
fn documented(seen: &Seen) -> Result<(), String> {
    let body = seen.json();
    let text = body["text"].as_str().unwrap_or_default();
    all_of(&[
        (seen.method == "POST" && seen.path == format!("/bot{TOKEN}/sendMessage"), "the method"),
        (seen.header("content-type") == "application/json", "JSON"),
        (body["chat_id"] == "-1001234567890", "chat_id"),
        ((1..=4096).contains(&text.encode_utf16().count()), "the text's length"),
        (body["parse_mode"] == "HTML", "parse_mode"),
        // Only the tags that it knows, closed; everything else is a refusal of the whole message.
        (text.matches('<').count() == 2 && text.starts_with("<b>") && text.contains("</b>"), "tags"),
        (entities(text), "entities"),
    ])?;
    for row in body["reply_markup"]["inline_keyboard"].as_array().into_iter().flatten() {
        for button in row.as_array().into_iter().flatten() {
            let data = button["callback_data"].as_str();
            let url = button["url"].as_str();
            all_of(&[
                (data.is_some() != url.is_some(), "exactly one of the optional fields"),
                (data.is_none_or(|d| (1..=64).contains(&d.len())), "callback_data"),
                (url.is_none_or(|u| u.starts_with("https://")), "url"),
                (!button["text"].as_str().unwrap_or_default().is_empty(), "text"),
            ])?;
        }
    }
    Ok(())
}

fn entities(text: &str) -> bool {
    text.split('&')
        .skip(1)
        .all(|rest| ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|e| rest.starts_with(e)))
}

fn taken(_: &Seen) -> Reply {
    let result = json!({"message_id": 7, "chat": {"id": -1_001_234_567_890_i64}, "date": 1});
    Reply::Is(200, json!({"ok": true, "result": result}).to_string())
}

fn says(status: u16, description: &str, parameters: &Value) -> Reply {
    let body =
        json!({"ok": false, "error_code": status, "description": description, "parameters": parameters});
    Reply::Is(status, body.to_string())
}

#[tokio::test]
async fn a_decision_is_a_row_of_buttons_of_what_fits() {
    let provider = Provider::start(documented, |seen, _| taken(seen)).await;
    let message = Message { controls: decisions(), ..page() };
    telegram(&provider.url).send(&message).await;
    let rows = provider.last().json()["reply_markup"]["inline_keyboard"].clone();
    let data: Vec<&str> = rows
        .as_array()
        .expect("rows")
        .iter()
        .flat_map(|row| row.as_array().expect("a row"))
        .filter_map(|b| b["callback_data"].as_str())
        .collect();
    let hash = "0123456789abcdef";
    let expected = [
        "ack:pg-0042.7".to_owned(),
        "esc:pg-0042.7".to_owned(),
        format!("ok:approve INC-2027-0001 {hash}"),
        format!("ask:reject INC-2027-0001 {hash}"),
    ];
    assert_eq!(data, expected, "what is longer than a button carries is left out");
    // Without a way back nothing is offered that does nothing.
    let plain = Telegram::new(&config(&provider.url, &json!({"secret_token": null}))).expect("builds");
    plain.send(&message).await;
    assert!(!provider.last().json()["reply_markup"].to_string().contains("approve"));
}

#[tokio::test]
async fn telegram_stands_everything() {
    let channel = Channel {
        make: telegram,
        check: documented,
        taken,
        revoked: (says(401, "Unauthorized", &Value::Null), "`token`"),
        gone: (says(400, "Bad Request: chat not found", &Value::Null), "`to`"),
        safe: false,
        looks: false,
        secret: "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        reads: true,
    };
    channel.stands_everything().await;
}

#[tokio::test]
async fn what_telegram_says_in_the_body_is_heeded() {
    let send = async |reply: Reply| {
        let provider = Provider::start(documented, move |_, _| reply.clone()).await;
        telegram(&provider.url).send(&page()).await
    };
    let outcome = send(says(429, "Too Many Requests: retry after 9", &json!({"retry_after": 9}))).await;
    assert!(matches!(outcome, Outcome::Retry { after_s: Some(9), .. }), "{outcome:?}");
    let outcome =
        send(says(400, "group chat was upgraded", &json!({"migrate_to_chat_id": -1_009_i64}))).await;
    assert!(
        matches!(&outcome, Outcome::Permanent { reason } if reason.contains("`to` to -1009")),
        "{outcome:?}"
    );
    let outcome = send(says(403, "Forbidden: bot was blocked by the user", &Value::Null)).await;
    assert!(
        matches!(&outcome, Outcome::Permanent { reason } if reason.contains("start the bot")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_page_has_buttons_where_they_are_answered_and_links_where_not() {
    let provider = Provider::start(documented, |seen, _| taken(seen)).await;
    telegram(&provider.url).send(&page()).await;
    let body = provider.last().json();
    assert_eq!(
        body["text"],
        "<b>SEV1: checkout is down</b>\n\nTo Ann. Customers cannot buy – since 10:30 UTC."
    );
    assert_eq!(
        body["reply_markup"]["inline_keyboard"],
        json!([
            [{"text": "Acknowledge", "callback_data": "ack:pg-0042.7"}, {"text": "Escalate", "callback_data": "esc:pg-0042.7"}],
            [{"text": "Open", "url": "https://firebell.example.com/i/INC-2026-0042?a=1&b=2"}],
        ])
    );
    let plain = Telegram::new(&config(&provider.url, &json!({"secret_token": null}))).expect("builds");
    plain.send(&page()).await;
    let rows = &provider.last().json()["reply_markup"]["inline_keyboard"];
    assert_eq!(rows[0][0], json!({"text": "Acknowledge", "url": page().ack.expect("an ack").link}));
}

#[test]
fn configuration_is_checked_and_shows_no_token() {
    for (more, field) in [(json!({"token": "abc"}), "token"), (json!({"to": ["ann"]}), "to")] {
        let error = Telegram::new(&config("https://api.telegram.org", &more)).err().expect("refused");
        assert_eq!(error.field, field);
    }
    let short =
        Settings::new(&config("https://x.example", &json!({"secret_token": "short"}))).expect_err("refused");
    assert_eq!(short.field, "secret_token");
    let shown = format!("{:?}", config("https://api.telegram.org", &json!({})));
    assert!(!shown.contains("AAHdq"), "{shown}");
}

fn settings() -> Settings {
    Settings::new(&config("https://api.telegram.org", &json!({}))).expect("a secret").expect("configured")
}

fn read(body: &str) -> Result<Received, ReplyError> {
    let headers = [header("X-Telegram-Bot-Api-Secret-Token", SECRET)];
    parse(&request("", &headers, body), &settings(), Timestamp::UNIX_EPOCH)
}

#[test]
fn presses_and_messages_become_answers() {
    let press = json!({"update_id": 10, "callback_query": {"id": "4382bfdwdsb323b2d9", "data": "ack:pg-0042.7",
        "from": {"id": 5, "is_bot": false, "username": "ann"}, "message": {"message_id": 7, "chat": {"id": -1001}}}});
    let Ok(Received::Answer(a)) = read(&press.to_string()) else { panic!("an answer") };
    assert_eq!(
        (a.what.clone(), a.reference.clone()),
        (Said::Acknowledge, Reference::Button("pg-0042.7".into()))
    );
    assert_eq!((a.account.as_str(), a.name.as_str(), a.place.as_str()), ("5", "ann", "-1001"));
    let say: Value = serde_json::from_str(&settings().say(&a, "Thanks.").body).expect("JSON");
    assert_eq!(
        say,
        json!({"method": "answerCallbackQuery", "callback_query_id": "4382bfdwdsb323b2d9", "text": "Thanks."})
    );
    let message = |kind: &str, text: &str| {
        json!({"update_id": 11, "message": {"message_id": 8, "text": text, "chat": {"id": -1001, "type": kind},
            "from": {"id": 5, "is_bot": false, "first_name": "Ann"}}})
        .to_string()
    };
    let said = |kind: &str, text: &str| match read(&message(kind, text)) {
        Ok(Received::Answer(a)) => Some((a.what, a.reference)),
        _ => None,
    };
    let code = Reference::Code("4711".into());
    assert_eq!(said("supergroup", "/ack@FirebellBot 4711"), Some((Said::Acknowledge, code.clone())));
    assert_eq!(said("private", "ack 4711"), Some((Said::Acknowledge, code)));
    assert_eq!(
        said("supergroup", "/incident declare x"),
        Some((Said::Command("declare x".into()), Reference::None))
    );
    assert_eq!(
        said("supergroup", "ack 4711, he said"),
        Some((Said::Message("ack 4711, he said".into()), Reference::None))
    );
    assert_eq!(said("private", "/start"), None);
    let wrong = [header("X-Telegram-Bot-Api-Secret-Token", "not-a-real-secret-tokem")];
    for headers in [&wrong[..], &[]] {
        let refused = parse(&request("", headers, &press.to_string()), &settings(), Timestamp::UNIX_EPOCH);
        assert!(matches!(refused, Err(ReplyError::Unauthenticated(_))));
    }
}

#[test]
fn no_bytes_make_it_fall() {
    crate::replies::tests::hammer(|body| {
        let _ = read(&String::from_utf8_lossy(body));
    });
}
