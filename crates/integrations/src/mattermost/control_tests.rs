//! What is pressed below posts in rooms, and forms: signed by us, since Mattermost signs nothing.

use firebell_core::ports::chat::{ChatRooms as _, Control, Does, Post};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Config, MattermostRooms, Settings, parse};
use crate::doubles::provider::{Provider, Reply, Seen, all_of};
use crate::replies::tests::{header, request};
use crate::replies::{Answer, Form, Received, Receiver as _, ReplyError, Said};

const CHANNEL: &str = "4xp9fdt77pncbef59f4k1qe83o";
const TEAM: &str = "team5678901234567890123456";

fn config(url: &str, callback: bool) -> Config {
    let mut config = json!({"name": "ops", "url": url, "token": "t", "team": TEAM, "timeout_s": 0.5});
    if callback {
        config["callback_url"] = json!("https://firebell.example.com/hooks/mattermost/ops");
        config["action_secret"] = json!("not a real secret");
    }
    serde_json::from_value(config).expect("a configuration")
}

fn post() -> Post {
    let options =
        ["SEV1", "SEV2"].map(|s| (s.to_owned(), format!("severity INC-2027-0001 {s} chosen in the room")));
    let controls = vec![
        Control::new("Approve 3f9a2c71", Does::Give("approve INC-2027-0001 3f9a2c7100000000".into())),
        Control::new("Post an update", Does::Ask("update INC-2027-0001".into())),
        Control::new("Severity", Does::Choose(options.to_vec())),
    ];
    Post { key: "k".into(), again: false, text: "it is down".into(), links: Vec::new(), controls }
}

fn documented(seen: &Seen) -> Result<(), String> {
    let body = seen.json();
    if seen.path == "/api/v4/actions/dialogs/open" {
        let dialog = &body["dialog"];
        let element = &dialog["elements"][0];
        let chars = |v: &Value| v.as_str().unwrap_or_default().chars().count();
        // <https://developers.mattermost.com/integrate/plugins/interactive-dialogs/#parameters>.
        return all_of(&[
            (body["trigger_id"].as_str().is_some_and(|t| !t.is_empty()), "trigger_id"),
            (body["url"].as_str().is_some_and(|u| u.starts_with("https://")), "url"),
            ((1..=24).contains(&chars(&dialog["title"])), "a title"),
            ((1..=24).contains(&chars(&element["display_name"])), "a label"),
            (element["type"] == "textarea" && element["max_length"].as_u64() <= Some(3000), "a text"),
        ]);
    }
    for action in body["props"]["attachments"][0]["actions"].as_array().into_iter().flatten() {
        all_of(&[
            (action["id"].as_str().is_some_and(|i| i.bytes().all(|b| b.is_ascii_alphanumeric())), "an id"),
            (action["type"] == "button" || action["type"] == "select", "a type"),
            (action["integration"]["url"].as_str().is_some_and(|u| u.starts_with("https://")), "an address"),
            (action["type"] == "button" || action["options"].is_array(), "options"),
        ])?;
    }
    Ok(())
}

fn read(settings: &Settings, body: &Value) -> Result<Answer, ReplyError> {
    let headers = [header("Content-Type", "application/json")];
    match parse(&request("", &headers, &body.to_string()), settings, Timestamp::UNIX_EPOCH)? {
        Received::Answer(answer) => Ok(*answer),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_pressed_chosen_or_sent_is_the_command_that_we_signed() {
    let answer = |_: &Seen, _| Reply::Is(201, json!({"id": "mrxhuzsyzbd19e6z1ekoywhwqo"}).to_string());
    let provider = Provider::start(documented, answer).await;
    let config = config(&provider.url, true);
    let rooms = MattermostRooms::new(&config).expect("builds").expect("opens rooms");
    rooms.post(CHANNEL, &post()).await.expect("is posted");
    let actions = provider.last().json()["props"]["attachments"][0]["actions"].clone();
    let settings = Settings::new(&config).expect("secrets").expect("configured");
    let press = |context: Value, trigger: &str| {
        let body = json!({"user_id": "u1", "user_name": "ann", "channel_id": CHANNEL, "post_id": "p1",
            "trigger_id": trigger, "context": context});
        read(&settings, &body)
    };
    let context = |n: usize| actions[n]["integration"]["context"].clone();
    let go = press(context(0), "t1").expect("is ours");
    assert_eq!(go.what, Said::Command("approve INC-2027-0001 3f9a2c7100000000".into()));
    let mut chosen = context(2);
    chosen["selected_option"] = actions[2]["options"][1]["value"].clone();
    let (first, again) =
        (press(chosen.clone(), "t2").expect("is ours"), press(chosen, "t3").expect("is ours"));
    assert_eq!(first.what, Said::Command("severity INC-2027-0001 SEV2 chosen in the room".into()));
    assert_ne!(first.id, again.id, "what is chosen again is done again");
    let ask = press(context(1), "t4").expect("is ours");
    assert_eq!(ask.what, Said::Ask("update INC-2027-0001".into()));
    let form = Form { title: "Update".into(), label: "What".into(), command: "update INC-2027-0001".into() };
    settings.show(&ask, &form).await.expect("is shown");
    let dialog = provider.last().json()["dialog"].clone();
    let mut sent = json!({"type": "dialog_submission", "callback_id": dialog["callback_id"], "state": dialog["state"],
        "user_id": "u1", "channel_id": CHANNEL, "team_id": TEAM, "submission": {"text": " we roll back "}, "cancelled": false});
    let said = read(&settings, &sent).expect("is ours");
    assert_eq!(said.what, Said::Command("update INC-2027-0001 we roll back".into()));
    assert_eq!((said.name.as_str(), said.place.as_str()), ("ann", CHANNEL));
    // Forged: another's account, another command, another plan of the menu.
    sent["user_id"] = json!("u2");
    assert!(matches!(read(&settings, &sent), Err(ReplyError::Unauthenticated(_))));
    sent["user_id"] = json!("u1");
    let state = dialog["state"].as_str().unwrap_or_default().replace("update", "resolve");
    sent["state"] = json!(state);
    assert!(matches!(read(&settings, &sent), Err(ReplyError::Unauthenticated(_))));
    let signed = actions[2]["options"][1]["value"].as_str().unwrap_or_default().replace("SEV2", "SEV1");
    let forged = press(json!({"selected_option": signed}), "t5");
    assert!(matches!(forged, Err(ReplyError::Unauthenticated(_))), "{forged:?}");
}

#[tokio::test]
async fn where_nothing_can_be_pressed_it_is_said_how_to_write_it() {
    let answer = |_: &Seen, _| Reply::Is(201, json!({"id": "mrxhuzsyzbd19e6z1ekoywhwqo"}).to_string());
    let provider = Provider::start(documented, answer).await;
    let rooms = MattermostRooms::new(&config(&provider.url, false)).expect("builds").expect("opens rooms");
    rooms.post(CHANNEL, &post()).await.expect("is posted");
    let body = provider.last().json();
    let text = body["message"].as_str().unwrap_or_default().replace('\\', "");
    assert!(text.contains("/incident approve INC-2027-0001 3f9a2c7100000000"), "{text}");
    assert!(
        text.contains("/incident update INC-2027-0001 TEXT") && body["props"]["attachments"].is_null(),
        "{text}"
    );
}
