//! Rooms on a real homeserver, and faults.

use firebell_core::ports::chat::{ChatRooms, Guest, Post, RoomWish, Trouble};
use serde_json::json;

use super::MatrixRooms;
use super::tests::{call, config, user};
use crate::doubles::peers;
use crate::doubles::provider::{Provider, Reply};
use crate::http::Method;

fn wish(key: &str) -> RoomWish {
    RoomWish {
        key: key.to_owned(),
        name: "inc-2027-0001-checkout is down".to_owned(),
        purpose: "SEV1 INC-2027-0001".to_owned(),
        private: false,
        asked_at: jiff::Timestamp::now(),
    }
}

fn post(key: &str) -> Post {
    let links = vec![("https://firebell.example.com/incidents/1".to_owned(), "Open".to_owned())];
    Post {
        key: key.to_owned(),
        again: false,
        text: "it is <b>down</b>".to_owned(),
        links,
        controls: Vec::new(),
    }
}

#[tokio::test]
async fn a_room_lives_on_a_real_homeserver() {
    let dir = tempfile::tempdir().expect("a folder");
    let Some(peer) = peers::synapse(dir.path()).await else { return };
    let url = peer.url.as_str();
    let (bot, ann) = (user(url, "firebell").await, user(url, "ann").await);
    let make = || {
        let config = config(url, &json!({"token": bot.1, "timeout_s": 20}));
        MatrixRooms::new(&config).expect("builds").expect("opens rooms")
    };
    let rooms = make();
    let room = rooms.open(&wish("k1")).await.expect("opens");
    assert_eq!(room.name, "inc-2027-0001-checkout-is-down");
    // Another process that never heard the answer.
    assert_eq!(make().open(&wish("k1")).await.expect("is found"), room);
    let other = rooms.open(&wish("k2")).await.expect("opens");
    assert_eq!(other.name, "inc-2027-0001-checkout-is-down-2");
    rooms.set_topic(&room.id, "SEV1 · IC ada").await.expect("is set");
    let guests = [
        Guest { name: "ann".into(), account: Some(ann.0.clone()), email: None },
        Guest { name: "bo".into(), account: None, email: Some("bo@example.org".into()) },
    ];
    for _ in 0..2 {
        let invited = rooms.invite(&room.id, &guests).await.expect("are invited");
        assert_eq!((invited.present.len(), invited.unknown.len()), (1, 1), "{invited:?}");
    }
    let first = rooms.post(&room.id, &post("p1")).await.expect("is posted");
    assert_eq!(make().post(&room.id, &post("p1")).await.expect("is known"), first);
    rooms.pin(&room.id, &first).await.expect("is pinned");
    rooms.pin(&room.id, &first).await.expect("is pinned already");
    let step = room.id.replace('!', "%21").replace(':', "%3A");
    call(url, Method::POST, &format!("join/{step}"), Some(&ann.1), &json!({})).await;
    let say = |n: u32, body: serde_json::Value| {
        let path = format!("rooms/{step}/send/m.room.message/{n}");
        let token = ann.1.clone();
        async move {
            call(url, Method::PUT, &path, Some(&token), &body).await["event_id"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        }
    };
    let note = say(1, json!({"msgtype": "m.text", "body": "!note the pool is full"})).await;
    let talk = say(2, json!({"msgtype": "m.text", "body": "hello"})).await;
    let react = json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": talk, "key": "📌"}});
    call(url, Method::PUT, &format!("rooms/{step}/send/m.reaction/3"), Some(&ann.1), &react).await;
    let heard = rooms.since(&room.id, "").await.expect("is heard");
    let mut said: Vec<(&str, &str, usize)> = heard
        .messages
        .iter()
        .map(|m| (m.said.id.as_str(), m.said.text.as_str(), m.reactions.len()))
        .collect();
    said.retain(|(id, _, _)| *id == note || *id == talk);
    assert_eq!(
        said,
        [
            (note.as_str(), "!note the pool is full", 0),
            (talk.as_str(), "hello", 0),
            (talk.as_str(), "hello", 1)
        ]
    );
    assert!(!heard.cursor.is_empty());
    let edit = json!({"msgtype": "m.text", "body": "* x", "m.new_content": {"msgtype": "m.text", "body": "!note the pool was full"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": note}});
    say(4, edit).await;
    let later = rooms.since(&room.id, &heard.cursor).await.expect("is heard");
    assert_eq!(later.messages.len(), 1, "{later:?}");
    assert_eq!(
        (later.messages[0].said.id.as_str(), later.messages[0].said.text.as_str()),
        (note.as_str(), "!note the pool was full")
    );
    rooms.archive(&room.id).await.expect("is archived");
    rooms.archive(&room.id).await.expect("is archived already");
    // The name is free for another.
    assert_eq!(rooms.open(&wish("k3")).await.expect("opens").name, "inc-2027-0001-checkout-is-down");
}

#[tokio::test]
async fn limits_are_obeyed_and_a_revoked_token_is_told() {
    let provider = Provider::start(
        |_| Ok(()),
        |seen, n| match (seen.path.ends_with("whoami"), n) {
            (true, _) => Reply::Is(200, json!({"user_id": "@firebell:x"}).to_string()),
            (_, 1) => {
                Reply::Is(429, json!({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 7000}).to_string())
            }
            _ => Reply::Is(401, json!({"errcode": "M_UNKNOWN_TOKEN", "error": "no"}).to_string()),
        },
    )
    .await;
    let config = config(&provider.url, &json!({"timeout_s": 2}));
    let rooms = MatrixRooms::new(&config).expect("builds").expect("opens rooms");
    let limited = rooms.open(&wish("k")).await;
    assert!(matches!(limited, Err(Trouble::Retry { after_s: Some(7), .. })), "{limited:?}");
    let revoked = rooms.open(&wish("k")).await;
    assert!(
        matches!(&revoked, Err(Trouble::Permanent { reason }) if reason.contains("`token`")),
        "{revoked:?}"
    );
}
