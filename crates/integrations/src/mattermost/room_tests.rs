//! Rooms against a double of a Mattermost server that keeps channels and posts.

use std::sync::{Arc, Mutex, PoisonError};

use firebell_core::ports::chat::{ChatRooms, Guest, Post, RoomWish, Trouble};
use serde_json::{Value, json};

use super::{Config, MattermostRooms};
use crate::doubles::provider::{Provider, Reply, Seen, all_of};

const TEAM: &str = "team5678901234567890123456";
const BOT: &str = "bot45678901234567890123456";
const ANN: &str = "ann45678901234567890123456";
const FILE: &str = "file5678901234567890123456";

fn rooms(url: &str) -> MattermostRooms {
    let config: Config = serde_json::from_value(
        json!({"name": "ops", "url": url, "token": "not-a-real-token", "team": TEAM, "timeout_s": 0.5}),
    )
    .expect("a configuration");
    MattermostRooms::new(&config).expect("builds").expect("opens rooms")
}

fn wish(key: &str) -> RoomWish {
    RoomWish {
        key: key.to_owned(),
        name: "inc-2027-0001-checkout is down".to_owned(),
        purpose: "SEV1 INC-2027-0001: checkout is down ".repeat(20),
        private: true,
        asked_at: jiff::Timestamp::UNIX_EPOCH,
    }
}

#[derive(Debug, Default)]
struct Server {
    channels: Vec<Value>,
    posts: Vec<Value>,
    lost: Vec<&'static str>,
    reply: Option<Reply>,
}

type Shared = Arc<Mutex<Server>>;

fn is(status: u16, value: &Value) -> Reply {
    Reply::Is(status, value.to_string())
}

/// <https://developers.mattermost.com/api-documentation/>.
fn documented(seen: &Seen) -> Result<(), String> {
    let body = seen.json();
    let length = |field: &str, most: usize| body[field].as_str().is_none_or(|t| t.chars().count() <= most);
    all_of(&[
        (seen.header("authorization") == "Bearer not-a-real-token", "the token"),
        (seen.path.starts_with("/api/v4/"), "the path"),
        (length("name", 64) && length("display_name", 64), "names"),
        (length("purpose", 250) && length("header", 1024) && length("message", 16_383), "lengths"),
    ])?;
    if seen.path == "/api/v4/channels" {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        return all_of(&[
            (body["team_id"] == TEAM, "the team"),
            (body["name"].as_str().is_some_and(|n| !n.is_empty() && n.chars().all(plain)), "a plain name"),
            (body["type"] == "O" || body["type"] == "P", "a type"),
        ]);
    }
    Ok(())
}

fn answer(server: &Shared, seen: &Seen) -> Reply {
    let mut s = server.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(reply) = s.reply.take() {
        return reply;
    }
    let path = seen.path.trim_start_matches("/api/v4/").to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    let reply = match (seen.method.as_str(), parts.as_slice()) {
        ("GET", ["users", "me"]) => is(200, &json!({"id": BOT, "username": "firebell"})),
        ("GET", ["users", "email", "ann@example.org"]) => is(200, &json!({"id": ANN})),
        ("GET", ["users", "email", _]) => is(
            404,
            &json!({"id": "store.sql_user.missing_account.const", "message": "Unable to find the user."}),
        ),
        ("GET", ["users", _]) => is(200, &json!({"id": ANN, "username": "ann"})),
        ("GET", ["teams", TEAM]) => is(200, &json!({"id": TEAM, "name": "acme"})),
        ("POST", ["channels"]) => {
            let mut body = seen.json();
            if s.channels.iter().any(|c| c["name"] == body["name"]) {
                is(
                    400,
                    &json!({"id": "store.sql_channel.save_channel.exists.app_error", "message": "A channel with that name already exists."}),
                )
            } else {
                body["id"] = json!(format!("channel{:019}", s.channels.len()));
                body["delete_at"] = json!(0);
                s.channels.push(body.clone());
                is(201, &body)
            }
        }
        ("GET", ["teams", TEAM, "channels", "name", name]) => {
            let found = s.channels.iter().find(|c| c["name"] == *name);
            found.map_or_else(|| is(404, &json!({"id": "x", "message": "no"})), |c| is(200, c))
        }
        (_, ["channels", id, rest @ ..]) => match (s.channels.iter().position(|c| c["id"] == *id), rest) {
            (None, _) => is(
                404,
                &json!({"id": "app.channel.get.existing.app_error", "message": "Unable to find the existing channel."}),
            ),
            (Some(at), []) if seen.method == "DELETE" => {
                s.channels[at]["delete_at"] = json!(9);
                is(200, &json!({"status": "OK"}))
            }
            (Some(at), []) => is(200, &s.channels[at]),
            (Some(at), ["patch"]) => {
                s.channels[at]["header"] = seen.json()["header"].clone();
                is(200, &s.channels[at])
            }
            (Some(_), ["members"]) => is(201, &json!({"user_id": seen.json()["user_id"]})),
            (Some(_), ["posts"]) => {
                let since: i64 = seen
                    .query
                    .iter()
                    .find(|(n, _)| n == "since")
                    .and_then(|(_, v)| v.parse().ok())
                    .unwrap_or(0);
                let posts = s.posts.iter().filter(|p| p["update_at"].as_i64().unwrap_or(0) > since);
                let posts: serde_json::Map<String, Value> =
                    posts.map(|p| (p["id"].as_str().unwrap_or_default().to_owned(), p.clone())).collect();
                is(200, &json!({"order": [], "posts": posts}))
            }
            _ => is(501, &json!({"message": "not in this double"})),
        },
        ("POST", ["posts"]) => {
            let mut body = seen.json();
            body["id"] = json!(format!("post{:022}", s.posts.len()));
            body["user_id"] = json!(BOT);
            body["create_at"] = json!(10);
            body["update_at"] = json!(10);
            s.posts.push(body.clone());
            is(201, &body)
        }
        ("POST", ["posts", _, "pin"]) => is(200, &json!({"status": "OK"})),
        ("GET", ["files", FILE]) => Reply::Is(200, "12345".to_owned()),
        _ => is(501, &json!({"message": "not in this double"})),
    };
    match s.lost.iter().position(|m| *m == parts[0] && seen.method == "POST") {
        Some(at) => {
            s.lost.remove(at);
            Reply::Cut
        }
        None => reply,
    }
}

async fn mattermost() -> (Provider, Shared, MattermostRooms) {
    let server: Shared = Arc::default();
    let shared = Arc::clone(&server);
    let provider = Provider::start(documented, move |seen, _| answer(&shared, seen)).await;
    let rooms = rooms(&provider.url);
    (provider, server, rooms)
}

fn change(server: &Shared, change: impl FnOnce(&mut Server)) {
    change(&mut server.lock().unwrap_or_else(PoisonError::into_inner));
}

fn post(again: bool) -> Post {
    let links = vec![("https://firebell.example.com/i/1".to_owned(), "Open".to_owned())];
    Post {
        key: "k1".to_owned(),
        again,
        text: "@all it is [down](javascript:x)".to_owned(),
        links,
        controls: Vec::new(),
    }
}

#[tokio::test]
async fn a_room_lives_from_its_opening_to_its_archive_and_nothing_is_there_twice() {
    let (provider, server, rooms) = mattermost().await;
    change(&server, |s| s.lost = vec!["channels", "posts"]);
    assert!(matches!(rooms.open(&wish("a")).await, Err(Trouble::Retry { .. })));
    let room = rooms.open(&wish("a")).await.expect("is found");
    assert_eq!(room.link, format!("{}/acme/channels/inc-2027-0001-checkout-is-down", provider.url));
    assert_eq!(rooms.open(&wish("b")).await.expect("opens").name, "inc-2027-0001-checkout-is-down-2");
    rooms.set_topic(&room.id, "SEV1").await.expect("is set");
    let guest = |name: &str, email: Option<&str>| Guest {
        name: name.into(),
        account: None,
        email: email.map(Into::into),
    };
    let guests =
        [guest("ann", Some("ann@example.org")), guest("bo", Some("bo@example.org")), guest("cy", None)];
    let invited = rooms.invite(&room.id, &guests).await.expect("are invited");
    assert_eq!((invited.present, invited.unknown.len()), (vec!["ann".to_owned()], 2));
    assert!(matches!(rooms.post(&room.id, &post(false)).await, Err(Trouble::Retry { .. })));
    let id = rooms.post(&room.id, &post(true)).await.expect("is found");
    change(&server, |s| assert_eq!((s.channels.len(), s.posts.len()), (2, 1)));
    rooms.pin(&room.id, &id).await.expect("is pinned");
    rooms.archive(&room.id).await.expect("is archived");
    let seen = provider.taken();
    let said = seen.iter().find(|s| s.path == "/api/v4/posts").expect("posted").json();
    let message = said["message"].as_str().unwrap_or_default();
    assert!(!message.contains("@all") && !message.contains("](javascript"), "{message}");
    assert!(matches!(rooms.since(&room.id, "").await, Err(Trouble::Gone { .. })));
}

#[tokio::test]
async fn what_people_said_edited_deleted_and_attached_is_heard() {
    let (_provider, server, rooms) = mattermost().await;
    let room = rooms.open(&wish("a")).await.expect("opens");
    let id = |n: u32| format!("said{n:022}");
    let said = |n: u32, at: i64, text: &str| json!({"id": id(n), "user_id": ANN, "message": text, "type": "", "create_at": at, "update_at": at, "delete_at": 0});
    change(&server, |s| {
        let mut file = said(2, 30, "see");
        file["metadata"] = json!({"files": [{"id": FILE, "name": "g.png", "mime_type": "image/png", "size": 5}],
            "reactions": [{"emoji_name": "pushpin", "user_id": ANN}]});
        let mut gone = said(3, 40, "");
        gone["delete_at"] = json!(41);
        let mut joined = said(4, 45, "ann joined");
        joined["type"] = json!("system_join_channel");
        s.posts = vec![said(1, 20, "!note full"), file, gone, joined];
    });
    rooms.post(&room.id, &post(false)).await.expect("is posted");
    let heard = rooms.since(&room.id, "").await.expect("is heard");
    let all: Vec<(&str, usize, bool)> =
        heard.messages.iter().map(|m| (m.said.text.as_str(), m.reactions.len(), m.deleted)).collect();
    assert_eq!(all, [("!note full", 0, false), ("see", 1, false), ("", 0, true)]);
    assert_eq!((heard.cursor.as_str(), heard.messages[0].said.author.as_str()), ("45", "ann"));
    let file = &heard.messages[1].said.attachments[0];
    assert_eq!(rooms.fetch(&file.source, 5).await, Ok(Some(b"12345".to_vec())));
    assert_eq!(rooms.fetch(&file.source, 4).await, Ok(None), "too large");
    assert_eq!(rooms.fetch("../../users/me", 4).await, Ok(None));
}

#[tokio::test]
async fn health_asks_for_the_team_each_time() {
    let (_provider, server, rooms) = mattermost().await;
    let health = rooms.health().await;
    assert!(health.ok && health.detail.contains("acme"), "{health:?}");
    change(&server, |s| {
        s.reply = Some(is(401, &json!({"id": "api.context.session_expired.app_error", "message": "expired"})))
    });
    let health = rooms.health().await;
    assert!(!health.ok && health.detail.contains("`token`"), "{health:?}");
}

#[tokio::test]
async fn limits_are_obeyed_and_what_is_gone_or_revoked_is_told() {
    let (_provider, server, rooms) = mattermost().await;
    change(&server, |s| {
        s.reply = Some(Reply::With(429, vec![("retry-after", "5".to_owned())], "{}".to_owned()))
    });
    assert!(matches!(rooms.open(&wish("a")).await, Err(Trouble::Retry { after_s: Some(5), .. })));
    change(&server, |s| {
        s.reply = Some(is(401, &json!({"id": "api.context.session_expired.app_error", "message": "expired"})))
    });
    let revoked = rooms.open(&wish("a")).await;
    assert!(
        matches!(&revoked, Err(Trouble::Permanent { reason }) if reason.contains("`token`")),
        "{revoked:?}"
    );
    let gone = rooms.set_topic("nochannel90123456789012345", "x").await;
    assert!(matches!(gone, Err(Trouble::Gone { .. })), "{gone:?}");
}
