//! Requests held against Pushover's documentation, faults, and receipts.

use std::sync::Arc;

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier, Urgency};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Config, Pushover, Settings, parse};
use crate::doubles::channel::{Channel, page};
use crate::doubles::provider::{Provider, Reply, Seen, all_of};
use crate::replies::tests::request;
use crate::replies::{Received, Reference, ReplyError, Said};

const TOKEN: &str = "azGDORePK8gMaC0QOYAMyEEuzJnyUi";
const USER: &str = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG";

fn config(url: &str, more: &Value) -> Config {
    let mut config = json!({"name": "oncall", "url": url, "token": TOKEN, "to": [USER], "timeout_s": 0.4,
        "callback_url": "https://firebell.example.com/hooks/pushover/oncall", "callback_secret": "not a real secret"});
    for (name, value) in more.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    serde_json::from_value(config).expect("a configuration")
}

fn pushover(url: &str) -> Arc<dyn Notifier> {
    Arc::new(Pushover::new(&config(url, &json!({}))).expect("builds"))
}

/// <https://pushover.net/api>.
fn documented(seen: &Seen) -> Result<(), String> {
    let chars = |name: &str| seen.field(name).chars().count();
    let number = |name: &str| seen.field(name).parse::<i64>().unwrap_or(-99);
    all_of(&[
        (seen.method == "POST" && seen.path == "/1/messages.json", "the method"),
        (seen.header("content-type").starts_with("application/x-www-form-urlencoded"), "a form"),
        (seen.field("token") == TOKEN && seen.field("user") == USER, "token and user"),
        ((1..=1024).contains(&chars("message")), "the message's length"),
        (chars("title") <= 250, "the title's length"),
        (chars("url") <= 512 && chars("url_title") <= 100, "the address"),
        ((-2..=2).contains(&number("priority")), "priority"),
    ])?;
    if number("priority") == 2 {
        all_of(&[
            (number("retry") >= 30, "retry"),
            ((1..=10_800).contains(&number("expire")), "expire"),
            (seen.field("callback").starts_with("https://firebell.example.com/"), "callback"),
        ])?;
    }
    Ok(())
}

fn taken(_: &Seen) -> Reply {
    Reply::Is(
        200,
        json!({"status": 1, "request": "647d2300", "receipt": "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy"}).to_string(),
    )
}

fn says(status: u16, body: &Value) -> Reply {
    Reply::Is(status, body.to_string())
}

#[tokio::test]
async fn pushover_stands_everything() {
    let wrong = json!({"token": "invalid", "errors": ["application token is invalid"], "status": 0});
    let gone = json!({"user": "invalid", "errors": ["user identifier is not a valid user"], "status": 0});
    let channel = Channel {
        make: pushover,
        check: documented,
        taken,
        revoked: (says(400, &wrong), "`token`"),
        gone: (says(400, &gone), "person's key"),
        safe: false,
        looks: false,
        secret: TOKEN,
        reads: true,
    };
    channel.stands_everything().await;
}

#[tokio::test]
async fn only_what_is_urgent_rings_until_somebody_answers() {
    let provider = Provider::start(documented, |seen, _| taken(seen)).await;
    let pushover = pushover(&provider.url);
    let Outcome::Done { data, .. } = pushover.send(&page()).await else { panic!("done") };
    assert_eq!(data["receipt"], "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy");
    let urgent = provider.last();
    assert_eq!(
        (urgent.field("priority"), urgent.field("retry"), urgent.field("expire")),
        ("2".into(), "60".into(), "3600".into())
    );
    assert_eq!(urgent.field("url"), page().ack.expect("an ack").link);
    pushover.send(&Message { urgency: Urgency::Normal, key: "2".into(), ..page() }).await;
    assert_eq!(
        (provider.last().field("priority"), provider.last().field("callback")),
        ("0".into(), String::new())
    );
}

#[test]
fn configuration_is_checked_and_shows_no_key() {
    for (more, field) in [
        (json!({"token": "short"}), "token"),
        (json!({"to": ["not-a-key-of-anybody"]}), "to"),
        (json!({"retry_s": 10}), "retry_s"),
        (json!({"expire_s": 20_000}), "expire_s"),
        (json!({"callback_secret": "short"}), "callback_secret"),
        (json!({"callback_secret": null}), "callback_secret"),
        (json!({"callback_url": "https://x.example/?a"}), "callback_url"),
    ] {
        let error = Pushover::new(&config("https://api.pushover.net", &more)).err().expect("refused");
        assert_eq!(error.field, field);
        assert!(!error.to_string().contains("not-a-key-of-anybody"), "{error}");
    }
}

fn settings() -> Settings {
    Settings::new(&config("https://api.pushover.net", &json!({}))).expect("a secret").expect("configured")
}

const FORM: &str = "receipt=rLqV&acknowledged=1&acknowledged_at=1360019238&acknowledged_by=uQiRzpo4DXghDmr9QzzfQu27cmVRsG&\
                    acknowledged_by_device=droid4";

fn read(url: &str, body: &str) -> Result<Received, ReplyError> {
    parse(&request(url, &[], body), &settings(), Timestamp::UNIX_EPOCH)
}

#[test]
fn a_receipt_acknowledges_the_page_whose_address_it_was_given() {
    let url = super::inbound::callback("https://firebell.example.com/hooks", &settings(), "pg-0042.7");
    let Ok(Received::Answer(answer)) = read(&url, FORM) else { panic!("an answer") };
    assert_eq!((answer.what, answer.reference), (Said::Acknowledge, Reference::Button("pg-0042.7".into())));
    assert_eq!((answer.account.as_str(), answer.id.as_str()), (USER, "receipt:rLqV"));
    let none = super::inbound::callback("https://firebell.example.com/hooks", &settings(), "");
    assert!(
        matches!(read(&none, FORM), Ok(Received::Answer(a)) if a.reference == Reference::Sent("rLqV".into()))
    );
    for forged in [
        url.replace("pg-0042.7", "pg-0042.8"),
        url.replace("k=", "k=0"),
        "https://x/".to_owned(),
        none.replace("r=", "r=a"),
    ] {
        assert!(matches!(read(&forged, FORM), Err(ReplyError::Unauthenticated(_))), "{forged}");
    }
    assert!(matches!(read(&url, "acknowledged=1"), Err(ReplyError::Malformed { field: "receipt", .. })));
    assert!(matches!(read(&url, "receipt=a&acknowledged=0"), Ok(Received::Nothing(_))));
}

#[test]
fn no_bytes_make_it_fall() {
    let url = super::inbound::callback("https://firebell.example.com/hooks", &settings(), "a:b");
    crate::replies::tests::hammer(|body| {
        let text = String::from_utf8_lossy(body);
        let _ = read(&url, &text);
        let _ = read(&text, &text);
    });
}
