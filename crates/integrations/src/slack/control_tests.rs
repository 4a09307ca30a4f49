//! What is pressed below posts in rooms: from the post to the answer, and forms held against Slack's OpenAPI document.

use firebell_core::ports::chat::{ChatRooms as _, Control, Does, Post, Trouble};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Config, Settings, SlackRooms, parse};
use crate::doubles::provider::{Provider, Reply, Seen, all_of};
use crate::replies::tests::{header, request, sha256_hex};
use crate::replies::{Form, Received, Receiver as _, Reference, Said};
use crate::testing::shared;

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

fn config(url: &str, secret: Option<&str>) -> Config {
    let config =
        json!({"name": "ops", "url": url, "token": "xoxb-1", "signing_secret": secret, "timeout_s": 0.5});
    serde_json::from_value(config).expect("a configuration")
}

fn settings(url: &str) -> Settings {
    Settings::new(&config(url, Some(SECRET))).expect("a secret").expect("configured")
}

fn post() -> Post {
    let severities = ["SEV1", "SEV2"];
    let options =
        severities.map(|s| (s.to_owned(), format!("severity INC-2027-0001 {s} chosen in the room")));
    let controls = vec![
        Control::new("Approve 3f9a2c71", Does::Give("approve INC-2027-0001 3f9a2c7100000000".into()))
            .confirmed("Go for \u{201c}<!channel> raise the pool\u{201d}?"),
        Control::new("Post an update", Does::Ask("update INC-2027-0001".into())),
        Control::new("Severity", Does::Choose(options.to_vec())),
    ];
    Post { key: "k".into(), again: false, text: "it is down".into(), links: Vec::new(), controls }
}

/// <https://docs.slack.dev/reference/block-kit/block-elements/>.
fn element(e: &Value) -> Result<(), String> {
    let chars = |v: &Value| v.as_str().unwrap_or_default().chars().count();
    let plain = |v: &Value, most: usize| v["type"] == "plain_text" && (1..=most).contains(&chars(&v["text"]));
    match e["type"].as_str() {
        Some("button") => all_of(&[
            (plain(&e["text"], 75), "a button's label"),
            ((1..=2000).contains(&chars(&e["value"])) || e["url"].is_string(), "a button's value"),
            (e["style"].is_null() || e["style"] == "primary" || e["style"] == "danger", "a style"),
            (
                e["confirm"].is_null()
                    || (plain(&e["confirm"]["title"], 100)
                        && plain(&e["confirm"]["text"], 300)
                        && plain(&e["confirm"]["confirm"], 30)
                        && plain(&e["confirm"]["deny"], 30)),
                "a question",
            ),
        ]),
        Some("static_select") => {
            let options = e["options"].as_array().ok_or("options")?;
            all_of(&[
                (plain(&e["placeholder"], 150), "a placeholder"),
                ((1..=100).contains(&options.len()), "so many options"),
                (
                    options.iter().all(|o| plain(&o["text"], 75) && (1..=150).contains(&chars(&o["value"]))),
                    "options",
                ),
            ])
        }
        other => Err(format!("element {other:?}")),
    }
}

fn documented(seen: &Seen) -> Result<(), String> {
    if seen.path == "/views.open" {
        let view: Value = serde_json::from_str(&seen.field("view")).map_err(|e| e.to_string())?;
        let chars = |v: &Value| v.as_str().unwrap_or_default().chars().count();
        // <https://docs.slack.dev/reference/views/modal-views/>.
        return all_of(&[
            (view["type"] == "modal", "a modal"),
            ((1..=24).contains(&chars(&view["title"]["text"])), "a title"),
            ((1..=24).contains(&chars(&view["submit"]["text"])), "a label to send it"),
            (chars(&view["private_metadata"]) <= 3000, "what is kept"),
            (view["blocks"][0]["type"] == "input", "an input"),
            (
                view["blocks"][0]["element"]["max_length"].as_u64().is_some_and(|n| (1..=3000).contains(&n)),
                "a length",
            ),
        ]);
    }
    let blocks: Value = serde_json::from_str(&seen.field("blocks")).unwrap_or(Value::Null);
    let mut elements =
        blocks.as_array().into_iter().flatten().filter_map(|b| b["elements"].as_array()).flatten();
    elements.try_for_each(element)
}

fn taken(_: &Seen) -> Reply {
    Reply::Is(200, json!({"ok": true, "ts": "1.2", "view": {"id": "V1"}}).to_string())
}

fn read(settings: &Settings, payload: &Value) -> Received {
    let form =
        reqwest::Url::parse_with_params("http://x/", [("payload", payload.to_string())]).expect("an address");
    let body = form.query().expect("a form");
    let tag = sha256_hex(SECRET.as_bytes(), format!("v0:1000:{body}").as_bytes());
    let headers = [
        header("X-Slack-Request-Timestamp", "1000"),
        header("X-Slack-Signature", &format!("v0={tag}")),
        header("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let now = Timestamp::from_second(1000).expect("a time");
    parse(&request("", &headers, body), settings, now).expect("is genuine")
}

#[tokio::test]
async fn what_is_pressed_or_chosen_is_the_command_that_was_offered() {
    let provider = Provider::start(documented, |seen, _| taken(seen)).await;
    let rooms = SlackRooms::new(&config(&provider.url, Some(SECRET))).expect("builds").expect("opens rooms");
    rooms.post("C1", &post()).await.expect("is posted");
    let blocks: Value = serde_json::from_str(&provider.last().field("blocks")).expect("blocks");
    let offered = blocks.as_array().and_then(|all| all.last()).expect("actions")["elements"].clone();
    let settings = settings(&provider.url);
    let pressed = |action: Value| {
        let mut action = action;
        action["action_ts"] = json!("7.8");
        let payload = json!({"type": "block_actions", "user": {"id": "U1"}, "channel": {"id": "C1"}, "trigger_id": "t.1",
            "actions": [action], "response_url": "https://hooks.slack.com/actions/1"});
        match read(&settings, &payload) {
            Received::Answer(answer) => *answer,
            other => panic!("{other:?}"),
        }
    };
    let go = pressed(json!({"type": "button", "value": offered[0]["value"]}));
    assert_eq!(go.what, Said::Command("approve INC-2027-0001 3f9a2c7100000000".into()));
    let chosen = pressed(json!({"type": "static_select", "selected_option": offered[2]["options"][1]}));
    assert_eq!(chosen.what, Said::Command("severity INC-2027-0001 SEV2 chosen in the room".into()));
    let ask = pressed(json!({"type": "button", "value": offered[1]["value"]}));
    assert_eq!((&ask.what, ask.trigger.as_deref()), (&Said::Ask("update INC-2027-0001".into()), Some("t.1")));
    // The form, and what comes back of it.
    let form = Form { title: "Update".into(), label: "What".into(), command: "update INC-2027-0001".into() };
    settings.show(&ask, &form).await.expect("is shown");
    let seen = provider.last();
    assert_eq!((seen.path.as_str(), seen.field("trigger_id").as_str()), ("/views.open", "t.1"));
    if let Some(folder) = shared("contracts") {
        let text = std::fs::read_to_string(folder.join("slack-web-openapi-v2.json")).expect("a contract");
        let document: Value = serde_json::from_str(&text).expect("JSON");
        // Slack takes every method by POST; the document has this one's fields in the query.
        let known =
            document["paths"]["/views.open"]["get"]["parameters"].as_array().expect("parameters").clone();
        assert!(seen.form().iter().all(|(n, _)| known.iter().any(|p| p["name"] == n.as_str())));
    }
    let mut view: Value = serde_json::from_str(&seen.field("view")).expect("a view");
    view["id"] = json!("V1");
    view["state"] =
        json!({"values": {"text": {"text": {"type": "plain_text_input", "value": " we roll back\nnow "}}}});
    let sent = json!({"type": "view_submission", "user": {"id": "U1"}, "view": view});
    let Received::Answer(answer) = read(&settings, &sent) else { panic!("an answer") };
    assert_eq!(answer.what, Said::Command("update INC-2027-0001 we roll back\nnow".into()));
    assert_eq!((answer.id.as_str(), answer.place.as_str()), ("form:V1", "C1"));
    let said = settings.say(&answer, "Told <colleagues>.").body;
    assert!(settings.shows(&answer) && said.contains("\"response_action\":\"update\""), "{said}");
    // A form of another app, a shortcut of ours.
    let other =
        json!({"type": "view_submission", "user": {"id": "U1"}, "view": {"id": "V2", "callback_id": "x"}});
    assert!(matches!(read(&settings, &other), Received::Nothing(_)));
    let shortcut =
        json!({"type": "shortcut", "callback_id": "declare", "user": {"id": "U1"}, "trigger_id": "t.2"});
    assert!(
        matches!(read(&settings, &shortcut), Received::Answer(a) if a.what == Said::Ask("declare".into()))
    );
    // Nobody hears of what is pressed: nothing is offered.
    let deaf = SlackRooms::new(&config(&provider.url, None)).expect("builds").expect("opens rooms");
    deaf.post("C1", &Post { key: "k2".into(), ..post() }).await.expect("is posted");
    assert!(!provider.last().field("blocks").contains("do:"));
}

#[tokio::test]
async fn a_post_that_is_never_taken_is_told_from_a_token_that_is_none() {
    for (word, refused) in [("msg_too_long", true), ("invalid_blocks_format", true), ("token_revoked", false)]
    {
        let provider = Provider::start(
            |_| Ok(()),
            move |_, _| Reply::Is(200, json!({"ok": false, "error": word}).to_string()),
        )
        .await;
        let rooms =
            SlackRooms::new(&config(&provider.url, Some(SECRET))).expect("builds").expect("opens rooms");
        let answer = rooms.post("C1", &post()).await;
        assert_eq!(matches!(answer, Err(Trouble::Refused { .. })), refused, "{answer:?}");
        assert!(refused || matches!(answer, Err(Trouble::Permanent { .. })), "{answer:?}");
    }
}

#[test]
fn what_was_deleted_is_named_and_an_edit_has_its_room_read() {
    let settings = settings("https://slack.com/api");
    let event = |event: Value| {
        let body = super::tests::delivered(event);
        let tag = sha256_hex(SECRET.as_bytes(), format!("v0:1000:{body}").as_bytes());
        let headers = [
            header("X-Slack-Request-Timestamp", "1000"),
            header("X-Slack-Signature", &format!("v0={tag}")),
            header("Content-Type", "application/json"),
        ];
        let now = Timestamp::from_second(1000).expect("a time");
        match parse(&request("", &headers, &body), &settings, now).expect("is genuine") {
            Received::Answer(answer) => Some((answer.what, answer.reference, answer.place)),
            _ => None,
        }
    };
    // From https://docs.slack.dev/reference/events/message/message_deleted.
    let deleted = json!({"type": "message", "subtype": "message_deleted", "hidden": true, "channel": "C123ABC456",
        "ts": "1358878755.000001", "deleted_ts": "1358878749.000002"});
    let expected =
        (Said::Deleted, Reference::Sent("C123ABC456:1358878749.000002".into()), "C123ABC456".to_owned());
    assert_eq!(event(deleted), Some(expected));
    let changed = json!({"type": "message", "subtype": "message_changed", "hidden": true, "channel": "C123ABC456",
        "ts": "1358878755.000001", "message": {"type": "message", "user": "U1", "text": "Hello", "ts": "1355517523.000005"}});
    assert_eq!(event(changed).map(|(_, _, place)| place).as_deref(), Some("C123ABC456"));
}
