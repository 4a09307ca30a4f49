//! Requests held against Slack's OpenAPI document and the Block Kit limits, the emulator, faults, and signed requests.

use std::sync::Arc;

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Config, Settings, Slack, parse};
use crate::doubles::channel::{Channel, hostile, page};
use crate::doubles::peers;
use crate::doubles::provider::{Provider, Reply, Seen, all_of};
use crate::replies::tests::{header, request, sha256_hex};
use crate::replies::{Received, Reference, ReplyError, Said};
use crate::testing::{contract, shared};

const TOKEN: &str = "xoxb-1-not-a-real-token";

fn config(url: &str, more: &Value) -> Config {
    let mut config = json!({"name": "ops", "url": url, "token": TOKEN, "to": ["C0123456789"],
        "signing_secret": "8f742231b10e8888abcd99yyyzzz85a5", "timeout_s": 0.4});
    for (name, value) in more.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    if config["token"].is_null() {
        config.as_object_mut().expect("an object").remove("token");
    }
    serde_json::from_value(config).expect("a configuration")
}

fn slack(url: &str) -> Arc<dyn Notifier> {
    Arc::new(Slack::new(&config(url, &json!({}))).expect("builds"))
}

/// <https://docs.slack.dev/reference/methods/chat.postMessage>,
/// <https://docs.slack.dev/reference/block-kit/blocks/>.
fn documented(seen: &Seen) -> Result<(), String> {
    if seen.path == "/conversations.history" {
        return all_of(&[
            (seen.method == "GET", "GET"),
            (seen.query.iter().any(|(n, _)| n == "channel"), "channel"),
        ]);
    }
    all_of(&[
        (seen.method == "POST", "POST"),
        (seen.path == "/chat.postMessage", "the path"),
        (seen.header("authorization") == format!("Bearer {TOKEN}"), "the token"),
        (seen.header("content-type").starts_with("application/x-www-form-urlencoded"), "a form"),
        (seen.field("channel").starts_with('C'), "a channel"),
        ((1..=40_000).contains(&seen.field("text").chars().count()), "the text's length"),
    ])?;
    let blocks: Value = serde_json::from_str(&seen.field("blocks")).map_err(|e| e.to_string())?;
    kit(&blocks)
}

/// Limits of blocks.
fn kit(blocks: &Value) -> Result<(), String> {
    let blocks = blocks.as_array().ok_or("blocks")?;
    let chars = |v: &Value| v.as_str().unwrap_or_default().chars().count();
    let mut ids = std::collections::BTreeSet::new();
    for block in blocks {
        match block["type"].as_str() {
            Some("header") => all_of(&[
                ((1..=150).contains(&chars(&block["text"]["text"])), "a header's length"),
                (block["text"]["type"] == "plain_text", "headers are plain"),
            ])?,
            Some("section") => all_of(&[
                ((1..=3000).contains(&chars(&block["text"]["text"])), "a section's length"),
                (block["text"]["verbatim"] == true, "no mentions by name"),
                (no_control(block["text"]["text"].as_str().unwrap_or_default()), "control characters"),
            ])?,
            Some("actions") => {
                let elements = block["elements"].as_array().ok_or("elements")?;
                for e in elements {
                    all_of(&[
                        (e["type"] == "button", "buttons only"),
                        ((1..=75).contains(&chars(&e["text"]["text"])), "a button's label"),
                        (chars(&e["value"]) <= 2000 && chars(&e["url"]) <= 3000, "a button's value"),
                        (
                            ids.insert(e["action_id"].as_str().unwrap_or_default().to_owned()),
                            "ids are unique",
                        ),
                    ])?;
                }
                all_of(&[((1..=25).contains(&elements.len()), "elements")])?;
            }
            other => return Err(format!("block {other:?}")),
        }
    }
    all_of(&[((1..=50).contains(&blocks.len()), "so many blocks")])
}

/// Every `<` begins one of our own links, and nothing else.
fn no_control(text: &str) -> bool {
    text.split('<').skip(1).all(|rest| rest.starts_with("https://firebell.example.com/"))
}

fn taken(_: &Seen) -> Reply {
    let message = json!({"type": "message", "text": "x", "ts": "1503435956.000247"});
    Reply::Is(
        200,
        json!({"ok": true, "channel": "C0123456789", "ts": "1503435956.000247", "message": message})
            .to_string(),
    )
}

fn says(word: &str) -> Reply {
    Reply::Is(200, json!({"ok": false, "error": word}).to_string())
}

#[tokio::test]
async fn slack_stands_everything() {
    let channel = Channel {
        make: slack,
        check: documented,
        taken,
        revoked: (says("token_revoked"), "`token`"),
        gone: (says("channel_not_found"), "`to`"),
        safe: false,
        looks: true,
        secret: TOKEN,
        reads: true,
    };
    channel.stands_everything().await;
}

#[tokio::test]
async fn what_slack_refuses_says_what_to_do() {
    for (word, retry, hint) in [
        ("is_archived", false, "unarchive"),
        ("not_in_channel", false, "/invite"),
        ("missing_scope", false, "scope chat:write"),
        ("account_inactive", false, "`token`"),
        ("invalid_blocks", false, "docs.slack.dev"),
        ("fatal_error", true, "may have arrived"),
        ("ratelimited", true, "too many"),
    ] {
        let provider = Provider::start(documented, move |_, _| says(word)).await;
        let outcome = slack(&provider.url).send(&page()).await;
        match &outcome {
            Outcome::Retry { reason, .. } => assert!(retry && reason.contains(hint), "{word}: {reason}"),
            Outcome::Permanent { reason } => assert!(!retry && reason.contains(hint), "{word}: {reason}"),
            Outcome::Done { .. } => panic!("{word}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_looked_for_before_it_is_repeated() {
    let provider = Provider::start(documented, |seen, n| match (n, seen.method.as_str()) {
        (0, _) => Reply::Cut,
        (_, "GET") => {
            let payload = json!({"key": page().key, "incident": "INC-2026-0042"});
            let metadata = json!({"event_type": "firebell_message", "event_payload": payload});
            let other = json!({"ts": "1.1", "text": "<@U1> hello"});
            let ours = json!({"ts": "2.2", "text": "x", "metadata": metadata});
            Reply::Is(200, json!({"ok": true, "messages": [other, ours], "has_more": false}).to_string())
        }
        _ => panic!("it was posted again"),
    })
    .await;
    let slack = slack(&provider.url);
    assert!(matches!(slack.send(&page()).await, Outcome::Retry { .. }));
    let Outcome::Done { data, .. } = slack.send(&page()).await else { panic!("found") };
    assert_eq!(data, json!({"channel": "C0123456789", "ts": "2.2"}));
    assert_eq!(provider.taken().len(), 2);
}

#[tokio::test]
async fn a_person_is_written_to_in_the_channel_that_the_app_has_with_them() {
    let contract = shared("contracts").map(|folder| {
        let text = std::fs::read_to_string(folder.join("slack-web-openapi-v2.json")).expect("a contract");
        serde_json::from_str::<Value>(&text).expect("JSON")
    });
    for (opened, channel) in [(true, "D0123456789"), (false, "U0123456789")] {
        let provider = Provider::start(
            |_| Ok(()),
            move |seen, _| match seen.path.as_str() {
                "/conversations.open" if opened => {
                    Reply::Is(200, json!({"ok": true, "channel": {"id": "D0123456789"}}).to_string())
                }
                "/conversations.open" => says("missing_scope"),
                _ => taken(seen),
            },
        )
        .await;
        let slack = slack(&provider.url);
        for key in ["1", "2"] {
            let message = Message { key: key.into(), to: vec!["U0123456789".into()], ..page() };
            assert!(matches!(slack.send(&message).await, Outcome::Done { .. }));
            assert_eq!(provider.last().field("channel"), channel);
        }
        let all = provider.taken();
        let first = all.iter().find(|s| s.path == "/conversations.open").expect("was opened");
        assert_eq!(first.form(), [("users".to_owned(), "U0123456789".to_owned())]);
        if let Some(contract) = &contract {
            let parameters = contract["paths"]["/conversations.open"]["post"]["parameters"].clone();
            let known = |p: &Value| p["name"] == "users" && p["in"] == "formData";
            assert!(parameters.as_array().expect("parameters").iter().any(known));
        }
        assert_eq!(all.len(), if opened { 3 } else { 4 }, "asked for once");
    }
    let provider = Provider::start(|_| Ok(()), |_, _| says("user_not_found")).await;
    let message = Message { to: vec!["U0123456789".into()], ..page() };
    let outcome = slack(&provider.url).send(&message).await;
    assert!(matches!(&outcome, Outcome::Permanent { reason } if reason.contains("contact")), "{outcome:?}");
}

#[tokio::test]
async fn requests_are_what_slacks_own_document_says() {
    let Some(folder) = shared("contracts") else { return };
    let text = std::fs::read_to_string(folder.join("slack-web-openapi-v2.json")).expect("a contract");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let method = &document["paths"]["/chat.postMessage"]["post"];
    let provider = Provider::start(documented, |seen, _| taken(seen)).await;
    let slack = slack(&provider.url);
    for message in [page(), hostile()] {
        assert!(matches!(slack.send(&message).await, Outcome::Done { .. }));
    }
    for seen in provider.taken() {
        let parameters = method["parameters"].as_array().expect("parameters");
        for (name, value) in seen.form() {
            let known = parameters.iter().find(|p| p["name"] == name.as_str() && p["in"] == "formData");
            // Metadata came after the document: https://docs.slack.dev/messaging/message-metadata.
            let Some(known) = known else {
                assert_eq!(name, "metadata", "no such parameter");
                continue;
            };
            if known["type"] == "boolean" {
                assert!(["true", "false"].contains(&value.as_str()), "{name}: {value}");
            }
        }
        for needed in parameters.iter().filter(|p| p["required"] == true && p["in"] == "formData") {
            assert!(!seen.field(needed["name"].as_str().unwrap_or_default()).is_empty(), "{needed}");
        }
    }
    // What the double answers is what Slack would.
    let schema = &method["responses"]["200"]["schema"];
    let Reply::Is(_, body) = taken(&Seen::default()) else { panic!("an answer") };
    let value: Value = serde_json::from_str(&body).expect("JSON");
    for needed in schema["required"].as_array().expect("fields") {
        assert!(value.get(needed.as_str().unwrap_or_default()).is_some(), "{needed}");
    }
}

#[test]
fn a_page_has_buttons_where_they_are_answered_and_a_link_where_not() {
    let blocks = super::blocks::blocks(&page(), true);
    let plain = |text: &str| json!({"type": "plain_text", "text": text, "emoji": false});
    let body = "To Ann. Customers cannot buy – since 10:30 UTC.";
    assert_eq!(
        blocks,
        json!([
            {"type": "header", "text": plain("SEV1: checkout is down")},
            {"type": "section", "text": {"type": "mrkdwn", "text": body, "verbatim": true}},
            {"type": "actions", "elements": [
                {"type": "button", "action_id": "firebell_ack", "text": plain("Acknowledge"), "value": "ack:pg-0042.7", "style": "primary"},
                {"type": "button", "action_id": "firebell_esc", "text": plain("Escalate"), "value": "esc:pg-0042.7"},
                {"type": "button", "action_id": "firebell_link_open", "text": plain("Open"), "url": page().link},
            ]},
        ])
    );
    let links = super::blocks::blocks(&page(), false);
    assert_eq!(links[2]["elements"][0]["url"], page().ack.expect("an ack").link);
    assert!(!links.to_string().contains("\"value\""));
}

#[tokio::test]
async fn an_incoming_webhook_is_posted_to_and_its_address_never_shown() {
    let ok = Provider::start(
        |s| {
            all_of(&[(s.path == "/services/T1/B1/s3cr3t", "path"), (s.method == "POST", "POST")])?;
            kit(&s.json()["blocks"])
        },
        |_, n| if n == 0 { Reply::Is(200, "ok".into()) } else { Reply::Is(404, "no_service".into()) },
    )
    .await;
    let url = format!("{}/services/T1/B1/s3cr3t", ok.url);
    let more = json!({"token": null, "to": [], "webhook_url": url});
    let slack = Slack::new(&config("https://slack.com/api", &more)).expect("builds");
    assert!(matches!(slack.send(&page()).await, Outcome::Done { .. }));
    let outcome = slack.send(&Message { key: "2".into(), ..page() }).await;
    let Outcome::Permanent { reason } = outcome else { panic!("{outcome:?}") };
    assert!(
        reason.contains("no_service") && reason.contains("`webhook_url`") && !reason.contains("s3cr3t"),
        "{reason}"
    );
    assert!(!slack.health().await.detail.contains("s3cr3t"));
    ok.taken();
}

#[test]
fn configuration_is_checked() {
    for (more, field) in [
        (json!({"webhook_url": "https://hooks.slack.com/services/x"}), "webhook_url"),
        (json!({"token": null}), "token"),
        (json!({"to": ["#general"]}), "to"),
        (json!({"token": null, "webhook_url": "http://hooks.slack.com/services/x", "to": []}), "webhook_url"),
        (json!({"url": "ftp://x"}), "url"),
    ] {
        let error = Slack::new(&config("https://slack.com/api", &more)).err().expect("refused");
        assert_eq!(error.field, field);
        assert!(!error.to_string().contains("services/x"), "{error}");
    }
}

fn settings() -> Settings {
    Settings::new(&config("https://slack.com/api", &json!({}))).expect("a secret").expect("configured")
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time")
}

fn signed(body: &str, content_type: &str, time: i64) -> Vec<(String, String)> {
    let tag = sha256_hex(b"8f742231b10e8888abcd99yyyzzz85a5", format!("v0:{time}:{body}").as_bytes());
    vec![
        header("X-Slack-Request-Timestamp", &time.to_string()),
        header("X-Slack-Signature", &format!("v0={tag}")),
        header("Content-Type", content_type),
    ]
}

fn read(body: &str, content_type: &str) -> Result<Received, ReplyError> {
    parse(&request("", &signed(body, content_type, 1000), body), &settings(), at(1000))
}

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn the_signature_is_that_of_slacks_own_example() {
    // From https://docs.slack.dev/authentication/verifying-requests-from-slack.
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
                response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
                trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let headers = vec![
        header("X-Slack-Request-Timestamp", "1531420618"),
        header("X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
        header("Content-Type", FORM),
    ];
    let received = parse(&request("", &headers, body), &settings(), at(1_531_420_618)).expect("genuine");
    let Received::Answer(answer) = received else { panic!("{received:?}") };
    assert_eq!((answer.account.as_str(), answer.place.as_str()), ("U2CERLKJA", "G8PSS9T3V"));
    assert_eq!(answer.what, Said::Command(String::new()));
    assert!(answer.later.expect("an address").starts_with("https://hooks.slack.com/commands/"));
    let late = parse(&request("", &headers, body), &settings(), at(1_531_420_618 + 301));
    assert!(matches!(late, Err(ReplyError::Unauthenticated(_))));
    let changed =
        parse(&request("", &headers, &body.replace("foobar", "foobaz")), &settings(), at(1_531_420_618));
    assert!(matches!(changed, Err(ReplyError::Unauthenticated(_))));
}

/// An event as Slack delivers it, held against Slack's own schema of what it delivers.
pub(super) fn delivered(mut event: Value) -> String {
    event["event_ts"] = json!("1525215129.000001");
    let body = json!({"token": "one-long-verification-token", "team_id": "T061EG9R6", "api_app_id": "A0PNCHHK2",
        "event": event, "type": "event_callback", "event_id": "Ev1", "event_time": 1_525_215_129,
        "authed_users": ["U99"], "authorizations": [{"team_id": "T061EG9R6", "user_id": "U99", "is_bot": true}]});
    if let Some(schema) = contract("slack-event-wrapper.schema.json") {
        let wrong: Vec<String> = schema.iter_errors(&body).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}: {body}");
    }
    body.to_string()
}

#[test]
fn what_slack_would_not_deliver_is_found() {
    let Some(schema) = contract("slack-event-wrapper.schema.json") else { return };
    let bare = json!({"type": "event_callback", "event_id": "Ev1", "event": {"type": "message"}});
    assert!(!schema.is_valid(&bare), "it has neither a token nor a time");
}

#[test]
fn buttons_commands_and_events_become_answers() {
    let press = json!({"type": "block_actions", "user": {"id": "U1", "username": "ann"}, "channel": {"id": "C1"},
        "actions": [{"action_id": "firebell_ack", "value": "ack:pg-0042.7", "action_ts": "1.2"}],
        "response_url": "https://evil.example/x"});
    let form =
        reqwest::Url::parse_with_params("http://x/", [("payload", press.to_string())]).expect("an address");
    let Ok(Received::Answer(answer)) = read(form.query().expect("a form"), FORM) else { panic!("an answer") };
    assert_eq!((answer.what, answer.reference), (Said::Acknowledge, Reference::Button("pg-0042.7".into())));
    assert_eq!((answer.id.as_str(), answer.later), ("press:U1:1.2", None), "posted to Slack only");

    let event = delivered;
    let json = "application/json";
    let said = |body: &str| match read(body, json) {
        Ok(Received::Answer(a)) => Some((a.what, a.reference, a.id)),
        Ok(_) => None,
        Err(e) => panic!("{e}"),
    };
    let talk = json!({"type": "message", "user": "U1", "channel": "C1", "channel_type": "channel", "text": "it&amp;s &lt;back&gt;"});
    assert_eq!(
        said(&event(talk)),
        Some((Said::Message("it&s <back>".into()), Reference::None, "Ev1".into()))
    );
    let code = json!({"type": "message", "user": "U1", "channel": "C1", "channel_type": "channel", "text": "ACK 4711"});
    assert_eq!(said(&event(code)).map(|s| s.0), Some(Said::Acknowledge));
    let mention = json!({"type": "app_mention", "user": "U1", "channel": "C1", "text": "<@U99> declare checkout is down"});
    assert_eq!(said(&event(mention)).map(|s| s.0), Some(Said::Command("declare checkout is down".into())));
    let reaction = json!({"type": "reaction_added", "user": "U1", "reaction": "pushpin", "item": {"channel": "C1", "ts": "3.4"}});
    let wanted = (
        Said::Reaction { name: "pushpin".into(), removed: false },
        Reference::Sent("C1:3.4".into()),
        "Ev1".into(),
    );
    assert_eq!(said(&event(reaction)), Some(wanted));
    for ours in [
        json!({"type": "message", "bot_id": "B1", "user": "U1", "channel": "C1", "text": "x"}),
        json!({"type": "message", "subtype": "message_deleted", "channel": "C1"}),
        json!({"type": "channel_rename"}),
    ] {
        assert_eq!(said(&event(ours)), None);
    }
    let challenge = json!({"type": "url_verification", "challenge": "3eZbrw1a"}).to_string();
    let Ok(Received::Respond(body)) = read(&challenge, json) else { panic!("a challenge") };
    assert_eq!(body.body, "3eZbrw1a");
    assert!(matches!(
        read("{\"type\": \"event_callback\"}", json),
        Err(ReplyError::Malformed { field: "event_id", .. })
    ));
    assert!(matches!(read("{", json), Err(ReplyError::Malformed { .. })));
}

#[test]
fn no_bytes_make_it_fall() {
    crate::replies::tests::hammer(|body| {
        for kind in [FORM, "application/json"] {
            let text = String::from_utf8_lossy(body).into_owned();
            let _ = read(&text, kind);
        }
        let _ = parse(&request("", &[], "x"), &settings(), at(0));
    });
}

#[tokio::test]
async fn the_emulator_takes_messages_and_knows_what_is_gone() {
    let Some(peer) = peers::emulate("slack").await else { return };
    let url = format!("{}/api", peer.url);
    let make = |more: Value| Slack::new(&config(&url, &more)).expect("builds");
    let slack = make(json!({"token": "test_token_admin", "to": ["C000000001"], "timeout_s": 5}));
    let outcome = slack.send(&page()).await;
    let Outcome::Done { data, .. } = &outcome else { panic!("{outcome:?}") };
    assert_eq!(data["channel"], "C000000001");
    assert!(slack.health().await.ok, "{:?}", slack.health().await);
    let gone = make(json!({"token": "test_token_admin", "to": ["C0999999999"], "timeout_s": 5}));
    let outcome = gone.send(&page()).await;
    assert!(
        matches!(&outcome, Outcome::Permanent { reason } if reason.contains("channel_not_found")),
        "{outcome:?}"
    );
    let outcome = slack.send(&hostile()).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
}
