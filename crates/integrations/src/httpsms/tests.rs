//! Templates of each format, what counts as taken, and faults.

use std::sync::Arc;

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::Notifier;
use serde_json::{Value, json};

use super::{Config, HttpSms};
use crate::doubles::channel::{Channel, HOSTILE, hostile, page};
use crate::doubles::provider::{Provider, Reply, Seen, all_of};

const KEY: &str = "not-a-real-key-of-a-gateway";

fn config(url: &str, more: &Value) -> Config {
    let mut config = json!({"name": "sms", "url": format!("{url}/v1/messages"), "headers": {"X-Api-Key": KEY},
        "body": r#"{"recipients": ["{to_digits}"], "content": "{text}", "reference": "{key}", "n": 1}"#,
        "success_pointer": "/status", "success_value": "accepted", "id_pointer": "/message/id",
        "to": ["+4915112345678"], "timeout_s": 0.4});
    for (name, value) in more.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    serde_json::from_value(config).expect("a configuration")
}

fn gateway(url: &str) -> Arc<dyn Notifier> {
    Arc::new(HttpSms::new(&config(url, &json!({}))).expect("builds"))
}

fn keyed(url: &str) -> Arc<dyn Notifier> {
    Arc::new(HttpSms::new(&config(url, &json!({"idempotent": true}))).expect("builds"))
}

/// What the configured provider of this test asks for.
fn documented(seen: &Seen) -> Result<(), String> {
    let body = seen.json();
    let text = body["content"].as_str().unwrap_or_default();
    all_of(&[
        (seen.method == "POST" && seen.path == "/v1/messages", "the method"),
        (seen.header("x-api-key") == KEY, "the key"),
        (body["recipients"] == json!(["4915112345678"]) && body["n"] == 1, "recipients, and nobody else"),
        ((1..=459).contains(&text.chars().count()), "the text's length"),
        (body["reference"].as_str().is_some_and(|r| r.ends_with(":+4915112345678")), "the reference"),
    ])
}

fn taken(_: &Seen) -> Reply {
    Reply::Is(202, json!({"status": "accepted", "message": {"id": 99}}).to_string())
}

fn channel(make: fn(&str) -> Arc<dyn Notifier>, safe: bool) -> Channel {
    Channel {
        make,
        check: documented,
        taken,
        revoked: (Reply::Is(401, "{}".into()), "`headers`"),
        gone: (Reply::Is(404, "{}".into()), "`url`"),
        safe,
        looks: false,
        secret: KEY,
        reads: true,
    }
}

#[tokio::test]
async fn a_gateway_stands_everything() {
    channel(gateway, false).stands_everything().await;
}

#[tokio::test]
async fn a_gateway_that_keeps_keys_stands_everything() {
    channel(keyed, true).stands_everything().await;
}

#[tokio::test]
async fn what_is_put_in_stays_where_it_was_put() {
    let send = async |more: Value| {
        let provider = Provider::start(|_| Ok(()), |_, _| Reply::Is(200, "OK: queued".into())).await;
        let mut all =
            json!({"success_pointer": null, "success_value": null, "id_pointer": null, "max_chars": 2000});
        for (n, v) in more.as_object().into_iter().flatten() {
            all[n] = v.clone();
        }
        let gateway = HttpSms::new(&config(&provider.url, &all)).expect("builds");
        let mut message = hostile();
        (message.subject, message.body) = (HOSTILE.to_owned(), "x".to_owned());
        let outcome = gateway.send(&message).await;
        (provider.last(), outcome)
    };
    let secrets = json!({"user": "u s&er"});
    let form = json!({"format": "form", "body": "to={to}&msg={text}&user={secret.user}&fixed=1", "secrets": secrets});
    let (seen, _) = send(form).await;
    let names: Vec<String> = seen.form().into_iter().map(|(n, _)| n).collect();
    assert_eq!(names, ["to", "msg", "user", "fixed"]);
    assert_eq!((seen.field("to"), seen.field("user")), ("+4915112345678".into(), "u s&er".into()));
    assert!(seen.field("msg").contains("&Body=x"));
    let xml = json!({"format": "xml", "body": "<sms to=\"{to}\"><text>{text}</text></sms>"});
    let (seen, _) = send(xml).await;
    let text = String::from_utf8_lossy(&seen.body).into_owned();
    assert_eq!(text.matches('<').count(), 4, "{text}");
    assert_eq!(seen.header("content-type"), "application/xml; charset=utf-8");
    let get = json!({"method": "GET", "body": "", "query": {"to": "{to}", "text": "{text}", "user": "{secret.user}"}, "secrets": secrets,
        "success_text": "OK"});
    let (seen, outcome) = send(get).await;
    assert_eq!((seen.method.as_str(), seen.query.len()), ("GET", 3));
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_2xx_that_says_no_is_a_refusal() {
    for (reply, part) in [
        (json!({"status": "rejected", "message": "no credit"}), "/status is rejected"),
        (json!({"message": "no credit"}), "no /status"),
    ] {
        let provider = Provider::start(documented, move |_, _| Reply::Is(200, reply.to_string())).await;
        let outcome = gateway(&provider.url).send(&page()).await;
        assert!(
            matches!(&outcome, Outcome::Permanent { reason } if reason.contains(part) && reason.contains("no credit")),
            "{outcome:?}"
        );
    }
    let provider = Provider::start(documented, |seen, _| taken(seen)).await;
    let outcome = gateway(&provider.url).send(&page()).await;
    assert!(matches!(&outcome, Outcome::Done { data, .. } if data["id"] == "99"), "{outcome:?}");
    let only = HttpSms::new(&config(&provider.url, &json!({"success_status": [200]}))).expect("builds");
    assert!(matches!(only.send(&page()).await, Outcome::Permanent { .. }), "202 is not 200");
}

#[tokio::test]
async fn a_secret_that_a_gateway_repeats_is_not_shown() {
    let provider =
        Provider::start(|_| Ok(()), |_, _| Reply::Is(400, "user hunter2hunter2 is unknown".into())).await;
    let more = json!({"secrets": {"user": "hunter2hunter2"}, "query": {"u": "{secret.user}"}});
    let gateway = HttpSms::new(&config(&provider.url, &more)).expect("builds");
    let outcome = gateway.send(&page()).await;
    assert!(
        matches!(&outcome, Outcome::Permanent { reason } if reason.contains("***") && !reason.contains("hunter2")),
        "{outcome:?}"
    );
}

#[test]
fn configuration_is_checked() {
    for (more, field) in [
        (json!({"method": "DELETE"}), "method"),
        (json!({"body": "{\"to\": \"{to}\", \"text\": \"{message}\"}"}), "body"),
        (json!({"body": "{\"to\": \"{to}\"}"}), "body"),
        (json!({"body": "{\"text\": \"{text}\"}"}), "body"),
        (json!({"body": "{\"to\": {to}}"}), "body"),
        (json!({"method": "GET"}), "body"),
        (json!({"query": {"a": "{secret.none}"}}), "query.a"),
        (json!({"idempotent": true, "body": "{\"to\": \"{to}\", \"text\": \"{text}\"}"}), "idempotent"),
        (json!({"success_pointer": null}), "success_value"),
        (json!({"success_pointer": "status"}), "success_pointer"),
        (json!({"success_status": [404]}), "success_status"),
        (json!({"to": ["12345"]}), "to"),
        (json!({"max_chars": 10}), "max_chars"),
        (json!({"url": "https://x.example/?a=1"}), "url"),
    ] {
        let error = HttpSms::new(&config("https://gateway.example.com", &more)).err().expect("refused");
        assert_eq!(error.field, field, "{error}");
    }
}
