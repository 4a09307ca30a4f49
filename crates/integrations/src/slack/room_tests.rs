//! Rooms against a double of Slack that keeps channels, and holds each request against Slack's OpenAPI document.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use firebell_core::ports::chat::{ChatRooms, Guest, Post, RoomWish, Trouble};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Config, SlackRooms};
use crate::doubles::channel::decisions;
use crate::doubles::peers;
use crate::doubles::provider::{Provider, Reply, Seen, all_of, pairs};
use crate::testing::shared;

const TOKEN: &str = "xoxb-1-not-a-real-token";
const NOW: i64 = 1_800_000_000;

fn config(url: &str) -> Config {
    serde_json::from_value(json!({"name": "ops", "url": url, "token": TOKEN, "timeout_s": 0.5}))
        .expect("a configuration")
}

fn rooms(url: &str) -> SlackRooms {
    SlackRooms::new(&config(url)).expect("builds").expect("opens rooms")
}

fn wish(key: &str) -> RoomWish {
    RoomWish {
        key: key.to_owned(),
        name: "inc-2027-0001-Checkout is <down>".to_owned(),
        purpose: "SEV1 INC-2027-0001: checkout is <down> & out".to_owned(),
        private: false,
        asked_at: Timestamp::from_second(NOW).expect("a time"),
    }
}

#[derive(Debug, Default)]
struct Workspace {
    channels: Vec<Value>,
    messages: Vec<Value>,
    /// In threads.
    replies: Vec<Value>,
    pins: usize,
    /// By method: how the next calls go wrong.
    faults: BTreeMap<String, Vec<Reply>>,
    /// Methods that do what they are asked and do not answer, once each.
    lost: Vec<String>,
}

type Shared = Arc<Mutex<Workspace>>;

fn ok(mut value: Value) -> Reply {
    value["ok"] = json!(true);
    Reply::Is(200, value.to_string())
}

fn says(word: &str) -> Reply {
    Reply::Is(200, json!({"ok": false, "error": word}).to_string())
}

fn answer(workspace: &Shared, seen: &Seen) -> Reply {
    let mut w = workspace.lock().unwrap_or_else(PoisonError::into_inner);
    let method = seen.path.trim_start_matches('/').to_owned();
    if let Some(fault) = w.faults.get_mut(&method).and_then(|all| (!all.is_empty()).then(|| all.remove(0))) {
        return fault;
    }
    let given = if seen.method == "GET" { seen.query.clone() } else { seen.form() };
    let field = |name: &str| given.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str()).to_owned();
    let reply = carry(&mut w, &method, &field);
    match w.lost.iter().position(|m| *m == method) {
        Some(at) => {
            w.lost.remove(at);
            Reply::Cut
        }
        None => reply,
    }
}

fn carry(w: &mut Workspace, method: &str, field: &dyn Fn(&str) -> String) -> Reply {
    let id = field("channel");
    let found = w.channels.iter().position(|c| c["id"] == id.as_str());
    match method {
        "auth.test" => ok(
            json!({"url": "https://example.slack.com/", "user_id": "UBOT", "user": "firebell", "team": "Example"}),
        ),
        "conversations.create" => {
            let name = field("name");
            if w.channels.iter().any(|c| c["name"] == name.as_str()) {
                return says("name_taken");
            }
            let channel = json!({"id": format!("C{:09}", w.channels.len() + 1), "name": name, "creator": "UBOT",
                "created": NOW + 1, "is_private": field("is_private") == "true", "purpose": {"value": ""}});
            w.channels.push(channel.clone());
            ok(json!({"channel": channel}))
        }
        "conversations.list" => ok(json!({"channels": w.channels, "response_metadata": {"next_cursor": ""}})),
        "users.lookupByEmail" if field("email") == "bo@example.org" => ok(json!({"user": {"id": "UBO"}})),
        "users.lookupByEmail" => says("users_not_found"),
        "users.info" => {
            ok(json!({"user": {"id": field("user"), "profile": {"display_name": "Bo"}, "name": "bo"}}))
        }
        _ if found.is_none() => says("channel_not_found"),
        "conversations.setPurpose" => {
            w.channels[found.unwrap_or(0)]["purpose"] = json!({"value": field("purpose")});
            ok(json!({}))
        }
        "conversations.setTopic" => {
            w.channels[found.unwrap_or(0)]["topic"] = json!({"value": field("topic")});
            ok(json!({}))
        }
        "conversations.invite" if field("users") == "UADA" => says("already_in_channel"),
        "conversations.invite" => ok(json!({})),
        "conversations.archive" => {
            w.channels[found.unwrap_or(0)]["is_archived"] = json!(true);
            ok(json!({}))
        }
        "conversations.info" => ok(json!({"channel": w.channels[found.unwrap_or(0)]})),
        "conversations.history" => {
            let number = |name: &str, other: f64| field(name).parse::<f64>().unwrap_or(other);
            let (oldest, latest) = (number("oldest", 0.0), number("latest", f64::MAX));
            let ts = |m: &&Value| m["ts"].as_str().and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
            let within = |m: &&Value| ts(m) > oldest && ts(m) < latest;
            let mut newest_first: Vec<&Value> = w.messages.iter().rev().filter(within).collect();
            let all = newest_first.len();
            newest_first.truncate(field("limit").parse().unwrap_or(100));
            ok(json!({"has_more": newest_first.len() < all, "messages": newest_first}))
        }
        "conversations.replies" => {
            let (ts, oldest) = (field("ts"), field("oldest").parse::<f64>().unwrap_or(0.0));
            let number = |m: &Value| m["ts"].as_str().and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
            let thread =
                |m: &&Value| m["ts"] == ts.as_str() || (m["thread_ts"] == ts.as_str() && number(m) > oldest);
            let one = field("latest") == ts;
            let asked = |m: &&Value| if one { m["ts"] == ts.as_str() } else { thread(m) };
            let found: Vec<&Value> = w.replies.iter().chain(&w.messages).filter(asked).collect();
            if found.is_empty() { says("thread_not_found") } else { ok(json!({ "messages": found })) }
        }
        "chat.postMessage" => {
            let ts = format!("{}.000100", NOW + 10 + w.messages.len() as i64);
            let metadata: Value = serde_json::from_str(&field("metadata")).unwrap_or(Value::Null);
            w.messages.push(json!({"ts": ts, "bot_id": "B1", "user": "UBOT", "text": field("text"), "metadata": metadata}));
            ok(json!({"channel": id, "ts": ts, "message": {}}))
        }
        "pins.add" => {
            w.pins += 1;
            if w.pins > 1 { says("already_pinned") } else { ok(json!({})) }
        }
        _ => says("unknown_method"),
    }
}

/// What Slack's document says of each method: verb and fields.
fn documented(seen: &Seen) -> Result<(), String> {
    all_of(&[(seen.header("authorization") == format!("Bearer {TOKEN}"), "the token")])?;
    let Some(folder) = shared("contracts") else { return Ok(()) };
    let text =
        std::fs::read_to_string(folder.join("slack-web-openapi-v2.json")).map_err(|e| e.to_string())?;
    static DOCUMENT: std::sync::OnceLock<Value> = std::sync::OnceLock::new();
    let document = DOCUMENT.get_or_init(|| serde_json::from_str(&text).unwrap_or(Value::Null));
    let path = &document["paths"][seen.path.as_str()];
    // The emulator and we ask who we are by POST, as Slack takes every method.
    if seen.path == "/auth.test" {
        return all_of(&[(path.is_object(), "a method")]);
    }
    let method = &path[seen.method.to_lowercase()];
    let (given, place) = match seen.method.as_str() {
        "GET" => (seen.query.clone(), "query"),
        _ => (pairs(&String::from_utf8_lossy(&seen.body)), "formData"),
    };
    let parameters = method["parameters"].as_array().ok_or("no such method")?;
    // Both came after the document: https://docs.slack.dev/messaging/message-metadata.
    let later = ["metadata", "include_all_metadata"];
    for (name, value) in given.iter().filter(|(n, _)| !later.contains(&n.as_str())) {
        let known = parameters.iter().find(|p| p["name"] == name.as_str() && p["in"] == place);
        let kind = &known.ok_or(format!("no field {name}"))?["type"];
        if kind == "boolean" && !["true", "false"].contains(&value.as_str()) {
            return Err(format!("{name} is no boolean: {value}"));
        }
        if kind == "integer" && value.parse::<i64>().is_err() {
            return Err(format!("{name} is no integer: {value}"));
        }
    }
    let needed =
        parameters.iter().filter(|p| p["required"] == true && p["in"] == place && p["name"] != "token");
    for field in needed {
        all_of(&[(given.iter().any(|(n, _)| field["name"] == n.as_str()), "a field that must be there")])?;
    }
    for (name, longest) in [("name", 80), ("topic", 250), ("purpose", 250)] {
        let value = given.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v);
        all_of(&[(value.chars().count() <= longest, "a length")])?;
    }
    Ok(())
}

async fn slack() -> (Provider, Shared, SlackRooms) {
    let workspace: Shared = Arc::default();
    let shared = Arc::clone(&workspace);
    let provider = Provider::start(documented, move |seen, _| answer(&shared, seen)).await;
    let rooms = rooms(&provider.url);
    (provider, workspace, rooms)
}

fn change(workspace: &Shared, change: impl FnOnce(&mut Workspace)) {
    change(&mut workspace.lock().unwrap_or_else(PoisonError::into_inner));
}

fn post(key: &str, again: bool) -> Post {
    let links = vec![
        ("https://firebell.example.com/incidents/1".to_owned(), "Open the incident".to_owned()),
        ("javascript:alert(1)".to_owned(), "no".to_owned()),
    ];
    Post {
        key: key.to_owned(),
        again,
        text: "<!channel> it is *down* & out".to_owned(),
        links,
        controls: Vec::new(),
    }
}

#[tokio::test]
async fn a_room_lives_from_its_opening_to_its_archive() {
    let (provider, workspace, rooms) = slack().await;
    let room = rooms.open(&wish("INC-2027-0001:3:0")).await.expect("opens");
    assert_eq!(room.name, "inc-2027-0001-checkout-is-down");
    assert_eq!(room.link, format!("https://example.slack.com/archives/{}", room.id));
    rooms.set_topic(&room.id, "SEV1 · IC ada · <b>").await.expect("is set");
    let guest = |name: &str, account: Option<&str>, email: Option<&str>| Guest {
        name: name.to_owned(),
        account: account.map(str::to_owned),
        email: email.map(str::to_owned),
    };
    let guests = [
        guest("ada", Some("UADA"), None),
        guest("bo", None, Some("bo@example.org")),
        guest("cy", None, Some("cy@example.org")),
        guest("di", None, None),
    ];
    let invited = rooms.invite(&room.id, &guests).await.expect("are invited");
    assert_eq!(invited.present, ["ada", "bo"]);
    let unknown: Vec<&str> = invited.unknown.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(unknown, ["cy", "di"]);
    let ts = rooms.post(&room.id, &post("k1", false)).await.expect("is posted");
    rooms.pin(&room.id, &ts).await.expect("is pinned");
    rooms.pin(&room.id, &ts).await.expect("is pinned already");
    rooms.archive(&room.id).await.expect("is archived");
    let seen = provider.taken();
    let posted = seen.iter().find(|s| s.path == "/chat.postMessage").expect("posted");
    assert!(posted.field("text").starts_with("&lt;!channel&gt;"), "{}", posted.field("text"));
    let blocks = posted.field("blocks");
    assert!(!blocks.contains("javascript") && !blocks.contains("<!channel>"), "{blocks}");
    change(&workspace, |w| {
        let channel = &w.channels[0];
        let purpose = channel["purpose"]["value"].as_str().unwrap_or_default();
        assert!(purpose.contains("&lt;down&gt;") && purpose.ends_with("[INC-2027-0001:3:0]"), "{purpose}");
        assert_eq!(channel["topic"]["value"], "SEV1 · IC ada · &lt;b&gt;");
    });
}

#[tokio::test]
async fn an_answer_that_was_lost_opens_no_second_channel_and_posts_nothing_twice() {
    for lost in ["conversations.create", "conversations.setPurpose"] {
        let (_provider, workspace, rooms) = slack().await;
        change(&workspace, |w| w.lost.push(lost.to_owned()));
        assert!(matches!(rooms.open(&wish("k")).await, Err(Trouble::Retry { .. })), "{lost}");
        let room = rooms.open(&wish("k")).await.expect("is found");
        assert_eq!(room.name, "inc-2027-0001-checkout-is-down", "{lost}");
        change(&workspace, |w| assert_eq!(w.channels.len(), 1, "{lost}"));
        // Another incident that wants the same name gets a number.
        let other = rooms.open(&wish("k2")).await.expect("opens");
        assert_eq!(other.name, "inc-2027-0001-checkout-is-down-2");
        change(&workspace, |w| w.lost.push("chat.postMessage".to_owned()));
        assert!(matches!(rooms.post(&room.id, &post("p", false)).await, Err(Trouble::Retry { .. })));
        rooms.post(&room.id, &post("p", true)).await.expect("is found");
        change(&workspace, |w| assert_eq!(w.messages.len(), 1));
    }
}

#[tokio::test]
async fn limits_are_obeyed_and_what_is_gone_or_revoked_is_told() {
    let (_provider, workspace, rooms) = slack().await;
    let limited = Reply::With(429, vec![("retry-after", "17".to_owned())], "{}".to_owned());
    change(&workspace, |w| {
        w.faults.insert(
            "conversations.create".to_owned(),
            vec![limited, Reply::Is(500, "oops".into()), says("token_revoked")],
        );
    });
    let first = rooms.open(&wish("k")).await;
    assert!(matches!(first, Err(Trouble::Retry { after_s: Some(17), .. })), "{first:?}");
    assert!(matches!(rooms.open(&wish("k")).await, Err(Trouble::Retry { .. })));
    let revoked = rooms.open(&wish("k")).await;
    assert!(
        matches!(&revoked, Err(Trouble::Permanent { reason }) if reason.contains("`token`")),
        "{revoked:?}"
    );
    let room = rooms.open(&wish("k")).await.expect("opens at last");
    let gone = rooms.set_topic("C404404404", "x").await;
    assert!(matches!(gone, Err(Trouble::Gone { .. })), "{gone:?}");
    change(&workspace, |w| w.channels[0]["is_archived"] = json!(true));
    let archived = rooms.since(&room.id, "").await;
    assert!(matches!(archived, Err(Trouble::Gone { .. })), "{archived:?}");
}

#[tokio::test]
async fn what_people_said_is_heard_with_reactions_files_and_a_new_name() {
    let (_provider, workspace, rooms) = slack().await;
    let room = rooms.open(&wish("k")).await.expect("opens");
    let file = json!({"name": "graph.png", "mimetype": "image/png", "size": 9, "permalink": "https://example.slack.com/f/1",
        "url_private_download": "https://evil.example/f"});
    change(&workspace, |w| {
        w.channels[0]["name"] = json!("checkout-down");
        w.messages = vec![
            json!({"ts": "1800000001.000100", "subtype": "channel_join", "user": "UBO", "text": "<@UBO> has joined"}),
            json!({"ts": "1800000002.000100", "user": "UBOT", "bot_id": "B1", "text": "ours"}),
            json!({"ts": "1800000003.000200", "user": "UBO", "text": "!note 5 &lt; 6", "files": [file]}),
            json!({"ts": "1800000004.000300", "user": "UBO", "text": "deploy", "reactions": [{"name": "pushpin", "count": 1}]}),
        ];
    });
    let heard = rooms.since(&room.id, "").await.expect("is heard");
    assert_eq!((heard.cursor.as_str(), heard.name.as_deref()), ("1800000004.000300", Some("checkout-down")));
    let said: Vec<(&str, &str)> =
        heard.messages.iter().map(|m| (m.said.author.as_str(), m.said.text.as_str())).collect();
    assert_eq!(said, [("Bo", "!note 5 < 6"), ("Bo", "deploy")]);
    assert_eq!(heard.messages[0].said.id, format!("{}:1800000003.000200", room.id));
    assert_eq!(heard.messages[1].reactions, ["pushpin"]);
    let file = &heard.messages[0].said.attachments[0];
    assert_eq!((file.name.as_str(), file.size), ("graph.png", 9));
    // The token goes to Slack alone.
    assert_eq!(rooms.fetch(&file.source, 100).await, Ok(None));
    // A reaction that came later to what was heard before is heard too.
    let later = rooms.since(&room.id, "1800000004.000300").await.expect("is heard");
    assert_eq!(later.messages.len(), 2);
}

#[tokio::test]
async fn replies_in_threads_are_heard_once_they_are_there() {
    let (provider, workspace, rooms) = slack().await;
    let room = rooms.open(&wish("k")).await.expect("opens");
    change(&workspace, |w| {
        w.messages = vec![
            json!({"ts": "1800000003.000200", "user": "UBO", "text": "deploy?", "latest_reply": "1800000009.000100"}),
            json!({"ts": "1800000004.000300", "user": "UBO", "text": "hello"}),
        ];
        w.replies = vec![
            json!({"ts": "1800000009.000100", "thread_ts": "1800000003.000200", "user": "UBO", "text": "!note rolled back"}),
            json!({"ts": "1800000008.000100", "thread_ts": "1800000003.000200", "bot_id": "B1", "user": "UBOT", "text": "ours"}),
        ];
    });
    let heard = rooms.since(&room.id, "").await.expect("is heard");
    let said: Vec<&str> = heard.messages.iter().map(|m| m.said.text.as_str()).collect();
    assert_eq!(said, ["deploy?", "hello", "!note rolled back"]);
    assert_eq!(heard.messages[2].said.id, format!("{}:1800000009.000100", room.id));
    assert_eq!(heard.cursor, "1800000009.000100");
    // Hours later nothing is new, and the thread is not asked for again.
    change(&workspace, |w| {
        w.messages.push(json!({"ts": "1800009000.000100", "user": "UBO", "text": "late"}))
    });
    rooms.since(&room.id, "1800009000.000100").await.expect("is heard");
    let asked = provider.taken().iter().filter(|s| s.path == "/conversations.replies").count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn an_old_thread_and_an_old_message_are_heard_within_a_round_of_few_requests() {
    let (provider, workspace, rooms) = slack().await;
    let room = rooms.open(&wish("k")).await.expect("opens");
    let begin = NOW + 10;
    // Five hundred messages of a day, each 40th with a thread; then it goes on a day later.
    let ts = |n: i64| format!("{}.000100", begin + n * 170);
    let reply = |n: i64, thread: i64| json!({"ts": format!("{}.000200", begin + n * 170), "thread_ts": ts(thread), "user": "UBO", "text": format!("!note reply {n}")});
    change(&workspace, |w| {
        w.messages = (0..500)
            .map(|n| match n % 40 {
                0 => json!({"ts": ts(n), "user": "UBO", "text": format!("topic {n}"), "latest_reply": format!("{}.000200", begin + n * 170)}),
                _ => json!({"ts": ts(n), "user": "UBO", "text": format!("talk {n}")}),
            })
            .collect();
        w.replies = (0..500).step_by(40).map(|n| reply(n, n)).collect();
    });
    let mut cursor = rooms.since(&room.id, "").await.expect("is heard").cursor;
    let turn = async |cursor: &mut String| {
        let before = provider.taken().len();
        let heard = rooms.since(&room.id, cursor).await.expect("is heard");
        *cursor = heard.cursor;
        let texts: Vec<String> = heard.messages.into_iter().map(|m| m.said.text).collect();
        (texts, provider.taken().len() - before)
    };
    // The first round reads all that is older once; what is read each time is not counted to it.
    for _ in 0..4 {
        let (_, requests) = turn(&mut cursor).await;
        assert!(requests <= 4 + 10 + 10, "{requests}");
    }
    // Somebody replies in the oldest thread, and marks an old message.
    change(&workspace, |w| {
        w.messages[0]["latest_reply"] = json!(format!("{}.000200", begin + 510 * 170));
        w.messages[1]["reactions"] = json!([{"name": "pushpin", "count": 1}]);
        w.replies.push(reply(510, 0));
    });
    let (mut rounds, mut found) = (0, Vec::new());
    while rounds < 6 && !found.iter().any(|t: &String| t == "!note reply 510") {
        let (texts, requests) = turn(&mut cursor).await;
        assert!(requests <= 8, "only what went on is asked for: {requests}");
        found.extend(texts);
        rounds += 1;
    }
    assert!(found.iter().any(|t| t == "!note reply 510") && found.iter().any(|t| t == "talk 1"), "{rounds}");
    assert!(rounds <= 4, "{rounds}");
    // A room of the last hours has nothing older, and nothing more is asked.
    let (_provider, workspace, rooms) = slack().await;
    let room = rooms.open(&wish("k")).await.expect("opens");
    change(&workspace, |w| w.messages = vec![json!({"ts": ts(1), "user": "UBO", "text": "hello"})]);
    let heard = rooms.since(&room.id, "").await.expect("is heard");
    assert_eq!(rooms.since(&room.id, &heard.cursor).await.expect("is heard").cursor, ts(1));
}

#[tokio::test]
async fn what_is_not_there_any_more_is_found() {
    let (_provider, workspace, rooms) = slack().await;
    let room = rooms.open(&wish("k")).await.expect("opens");
    change(&workspace, |w| {
        w.messages = vec![
            json!({"ts": "1800000003.000100", "user": "UBO", "text": "!note there"}),
            json!({"ts": "1800000004.000100", "user": "USLACKBOT", "subtype": "tombstone", "text": "This message was deleted."}),
        ];
        w.replies = vec![
            json!({"ts": "1800000005.000100", "thread_ts": "1800000004.000100", "user": "UBO", "text": "!note reply"}),
        ];
    });
    let id = |n: i64| format!("{}:{}.000100", room.id, NOW + n);
    let ids: Vec<String> = (3..=6).map(id).chain(["C404404404:1.2".to_owned()]).collect();
    assert_eq!(rooms.gone(&room.id, &ids).await, Ok(vec![id(4), id(6)]));
    change(&workspace, |w| {
        drop(w.faults.insert("conversations.replies".to_owned(), vec![says("token_revoked")]))
    });
    assert!(rooms.gone(&room.id, &ids).await.is_err(), "what cannot be seen is not gone");
}

#[tokio::test]
async fn health_says_which_scopes_rooms_still_need() {
    let (_provider, workspace, rooms) = slack().await;
    let health = rooms.health().await;
    assert!(health.ok && health.detail.contains("not told"), "{health:?}");
    let with = |scopes: &str| {
        let body = json!({"ok": true, "user": "firebell", "team": "Example"}).to_string();
        Reply::With(200, vec![("x-oauth-scopes", scopes.to_owned())], body)
    };
    let all = "chat:write,channels:manage,channels:read,channels:history,groups:write,groups:read,groups:history,\
               pins:write, reactions:read,users:read,users:read.email,files:read,im:write";
    let some = all.replace("pins:write, ", "").replace("files:read,", "");
    let faults = vec![with(all), with(&some), says("token_revoked")];
    change(&workspace, |w| drop(w.faults.insert("auth.test".to_owned(), faults)));
    assert!(rooms.health().await.ok);
    let health = rooms.health().await;
    assert!(!health.ok && health.detail.contains("more scopes: pins:write, files:read;"), "{health:?}");
    let health = rooms.health().await;
    assert!(!health.ok && health.detail.contains("`token`"), "{health:?}");
}

#[tokio::test]
async fn the_emulator_opens_a_room() {
    let Some(peer) = peers::emulate("slack").await else { return };
    let mut config = config(&format!("{}/api", peer.url));
    config.token = Some(crate::settings::Secret::Plain("test_token_admin".to_owned()));
    config.signing_secret = Some(crate::settings::Secret::Plain("a-signing-secret-of-tests".to_owned()));
    config.timeout_s = 5.0;
    let rooms = SlackRooms::new(&config).expect("builds").expect("opens rooms");
    let now = Timestamp::now();
    let wish = RoomWish { asked_at: now, ..wish("INC-2027-0001:3:0") };
    // What Slack's document reads by GET the emulator knows by POST alone, so nothing is looked for or heard here.
    let room = rooms.open(&wish).await.expect("opens");
    rooms.set_topic(&room.id, "SEV1").await.expect("is set");
    // With buttons: the emulator takes them, and has nobody who presses.
    let first = Post { controls: decisions(), ..post("k1", false) };
    let first = rooms.post(&room.id, &first).await.expect("is posted");
    assert!(!first.is_empty());
    rooms.pin(&room.id, &first).await.expect("is pinned");
    rooms.archive(&room.id).await.expect("is archived");
    rooms.archive(&room.id).await.expect("is archived already");
    let gone = rooms.set_topic("C0999999999", "SEV1").await;
    assert!(matches!(gone, Err(Trouble::Gone { .. })), "{gone:?}");
}
