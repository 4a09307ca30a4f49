//! Events held against the client-server API, a real homeserver, faults, and what rooms say.

use std::sync::Arc;

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier, Urgency};
use serde_json::{Value, json};

use super::{Config, Matrix, parse_sync};
use crate::doubles::channel::{Channel, hostile, page};
use crate::doubles::peers;
use crate::doubles::provider::{Provider, Reply, Seen, all_of};
use crate::http::{Http, Method, Redirects};
use crate::notice::digest;
use crate::replies::{Reference, Said};
use crate::settings::Connection;

const TOKEN: &str = "syt_not_a_real_token";
const ROOM: &str = "!abc:example.com";

pub(super) fn config(url: &str, more: &Value) -> Config {
    let mut config = json!({"name": "ops", "url": url, "token": TOKEN, "to": [ROOM], "timeout_s": 0.4});
    for (name, value) in more.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    serde_json::from_value(config).expect("a configuration")
}

fn matrix(url: &str) -> Arc<dyn Notifier> {
    Arc::new(Matrix::new(&config(url, &json!({}))).expect("builds"))
}

/// <https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid>,
/// <https://spec.matrix.org/latest/client-server-api/#size-limits>,
/// <https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes>.
fn documented(seen: &Seen) -> Result<(), String> {
    let body = seen.json();
    let html = body["formatted_body"].as_str().unwrap_or_default();
    let txn = seen.path.strip_prefix("/_matrix/client/v3/rooms/%21abc%3Aexample.com/send/m.room.message/");
    let tags: Vec<&str> = html.split('<').skip(1).filter_map(|t| t.split(['>', ' ']).next()).collect();
    all_of(&[
        (seen.method == "PUT", "PUT"),
        (txn.is_some_and(|t| !t.is_empty() && !t.contains('/')), "the path"),
        (seen.header("authorization") == format!("Bearer {TOKEN}"), "the token"),
        (seen.body.len() < 60_000, "the size"),
        (body["msgtype"] == "m.text" || body["msgtype"] == "m.notice", "msgtype"),
        (body["body"].as_str().is_some_and(|b| !b.is_empty()), "body"),
        (body["format"] == "org.matrix.custom.html", "format"),
        (tags.iter().all(|t| ["p", "/p", "strong", "/strong", "br", "a", "/a"].contains(t)), "tags"),
        (body["m.mentions"] == json!({}), "mentions"),
    ])
}

fn taken(_: &Seen) -> Reply {
    Reply::Is(200, json!({"event_id": "$YUwRidLecu:example.com"}).to_string())
}

fn says(status: u16, code: &str, error: &str) -> Reply {
    Reply::Is(status, json!({"errcode": code, "error": error}).to_string())
}

#[tokio::test]
async fn matrix_stands_everything() {
    let channel = Channel {
        make: matrix,
        check: documented,
        taken,
        revoked: (says(401, "M_UNKNOWN_TOKEN", "Invalid access token passed."), "`token`"),
        gone: (says(403, "M_FORBIDDEN", "User not in room"), "`to`"),
        safe: true,
        looks: false,
        secret: TOKEN,
        reads: true,
    };
    channel.stands_everything().await;
}

#[tokio::test]
async fn a_repetition_has_the_same_transaction_and_another_key_another_one() {
    let provider = Provider::start(documented, |seen, n| if n == 0 { Reply::Cut } else { taken(seen) }).await;
    let first = matrix(&provider.url);
    first.send(&page()).await;
    first.send(&page()).await;
    // As after a restart.
    matrix(&provider.url).send(&page()).await;
    first.send(&Message { key: "other".into(), ..page() }).await;
    let paths: Vec<String> = provider.taken().into_iter().map(|s| s.path).collect();
    assert!(paths[0] == paths[1] && paths[1] == paths[2] && paths[2] != paths[3], "{paths:?}");
    assert!(paths[0].ends_with(&digest(&page().key)));
}

#[tokio::test]
async fn older_servers_say_in_the_body_how_long_to_wait() {
    let limited =
        json!({"errcode": "M_LIMIT_EXCEEDED", "error": "Too many", "retry_after_ms": 2500}).to_string();
    let provider = Provider::start(documented, move |_, _| Reply::Is(429, limited.clone())).await;
    let outcome = matrix(&provider.url).send(&page()).await;
    assert!(matches!(outcome, Outcome::Retry { after_s: Some(3), .. }), "{outcome:?}");
}

#[test]
fn rooms_are_checked() {
    for room in ["#ops:example.com", "!a/b:x", "!", "ops"] {
        let error = Matrix::new(&config("https://x.example", &json!({"to": [room]}))).err().expect("refused");
        assert_eq!(error.field, "to", "{room}");
    }
}

fn synced(events: &Value) -> Value {
    json!({"next_batch": "s72", "rooms": {"join": {ROOM: {"timeline": {"events": events, "limited": false}}},
        "invite": {"!new:example.com": {}}, "leave": {"!old:example.com": {}}}})
}

fn message(id: &str, body: &str) -> Value {
    json!({"type": "m.room.message", "event_id": id, "sender": "@ann:example.com",
        "content": {"msgtype": "m.text", "body": body}})
}

#[test]
fn what_a_room_says_becomes_answers() {
    let reaction = json!({"type": "m.reaction", "event_id": "$r", "sender": "@ann:example.com",
        "content": {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$page", "key": "👍"}}});
    let mut own = message("$o", "x");
    own["sender"] = json!("@firebell:example.com");
    let mut edit = message("$e", "* y");
    edit["content"]["m.relates_to"] = json!({"rel_type": "m.replace", "event_id": "$1"});
    let events = json!([message("$1", "!ack 4711"), message("$2", "it is back"), message("$3", "ESC 4711"),
        message("$4", "!incident severity SEV1"), reaction, own, edit, {"type": "m.room.encrypted"}, null, 7]);
    let out = parse_sync(synced(&events).to_string().as_bytes(), "@firebell:example.com").expect("an answer");
    assert_eq!((out.next.as_str(), out.invited.len(), out.left.len(), out.gaps.len()), ("s72", 1, 1, 0));
    let said: Vec<_> = out.answers.into_iter().map(|a| (a.what, a.reference, a.id)).collect();
    let code = || Reference::Code("4711".into());
    assert_eq!(
        said,
        [
            (Said::Acknowledge, code(), "$1".to_owned()),
            (Said::Message("it is back".into()), Reference::None, "$2".to_owned()),
            (Said::Escalate, code(), "$3".to_owned()),
            (Said::Command("severity SEV1".into()), Reference::None, "$4".to_owned()),
            (
                Said::Reaction { name: "👍".into(), removed: false },
                Reference::Sent("$page".into()),
                "$r".to_owned()
            ),
        ]
    );
    let mut limited = synced(&json!([]));
    limited["rooms"]["join"][ROOM]["timeline"]["limited"] = json!(true);
    assert_eq!(parse_sync(limited.to_string().as_bytes(), "@x:y").expect("an answer").gaps, [ROOM]);
    assert!(parse_sync(b"{}", "@x:y").is_err());
}

#[test]
fn no_bytes_make_it_fall() {
    crate::replies::tests::hammer(|body| {
        let _ = parse_sync(body, "@x:y");
        let text = String::from_utf8_lossy(body);
        let _ = parse_sync(synced(&json!([message("$1", &text)])).to_string().as_bytes(), "@x:y");
    });
}

/// A user of a real homeserver: `(id, token)`.
pub(super) async fn user(url: &str, name: &str) -> (String, String) {
    let register = json!({"username": name, "password": "password", "auth": {"type": "m.login.dummy"}});
    let value = call(url, Method::POST, "register", None, &register).await;
    let text = |key: &str| value[key].as_str().expect("a text").to_owned();
    (text("user_id"), text("access_token"))
}

pub(super) async fn call(url: &str, method: Method, path: &str, token: Option<&str>, body: &Value) -> Value {
    let connection = Connection {
        url: format!("{url}/_matrix/client/v3"),
        bearer_token: token.map(Into::into),
        timeout_s: 20.0,
        max_body: 4 << 20,
        ..Connection::default()
    };
    let http = Http::new("t/t", &connection, Redirects::None).expect("a client");
    let reply = http.call(method, path, &[], &[], body.to_string().into_bytes()).await.expect("an answer");
    assert!(reply.ok(), "{path}: {}", reply.excerpt());
    serde_json::from_slice(&reply.body).expect("JSON")
}

#[tokio::test]
async fn a_real_homeserver_shows_a_repetition_once_and_tells_what_was_answered() {
    let dir = tempfile::tempdir().expect("a folder");
    let Some(peer) = peers::synapse(dir.path()).await else { return };
    let url = peer.url.as_str();
    let (bot, ann) = (user(url, "firebell").await, user(url, "ann").await);
    let room = call(
        url,
        Method::POST,
        "createRoom",
        Some(&bot.1),
        &json!({"preset": "private_chat", "invite": [ann.0]}),
    )
    .await;
    let room = room["room_id"].as_str().expect("a room").to_owned();
    let step = room.replace('!', "%21").replace(':', "%3A");
    call(url, Method::POST, &format!("join/{step}"), Some(&ann.1), &json!({})).await;
    let make = |token: &str, to: &str| {
        Matrix::new(&config(url, &json!({"token": token, "to": [to], "timeout_s": 20}))).expect("builds")
    };
    let mut ids = Vec::new();
    // Two processes, so that only the server can know.
    for _ in 0..2 {
        let outcome = make(&bot.1, &room).send(&page()).await;
        let Outcome::Done { data, .. } = &outcome else { panic!("{outcome:?}") };
        ids.push(data["event_id"].as_str().expect("an event").to_owned());
    }
    assert_eq!(ids[0], ids[1], "the same event");
    let firebell = make(&bot.1, &room);
    assert!(matches!(firebell.send(&hostile()).await, Outcome::Done { .. }), "a text of any length");
    assert!(matches!(
        firebell.send(&Message { key: "low".into(), urgency: Urgency::Low, ..page() }).await,
        Outcome::Done { .. }
    ));
    assert!(firebell.health().await.ok);
    let since = firebell.sync(None, &bot.0, 0).await.expect("an answer").next;
    let say = json!({"msgtype": "m.text", "body": "!ack 4711"});
    let anns = make(&ann.1, &room);
    assert!(anns.health().await.detail.contains(&ann.0));
    let path = format!("rooms/{step}/send/m.room.message/1");
    call(url, Method::PUT, &path, Some(&ann.1), &say).await;
    let synced = firebell.sync(Some(&since), &bot.0, 2000).await.expect("an answer");
    assert_eq!(synced.answers.len(), 1, "{synced:?}");
    assert_eq!((&synced.answers[0].account, &synced.answers[0].place), (&ann.0, &room));
    assert_eq!(synced.answers[0].reference, Reference::Code("4711".into()));
    // Somebody else's room, and a token that is none any more.
    let outcome = make(&bot.1, "!nowhere:localhost").send(&page()).await;
    assert!(matches!(&outcome, Outcome::Permanent { reason } if reason.contains("`to`")), "{outcome:?}");
    call(url, Method::POST, "logout", Some(&bot.1), &json!({})).await;
    let outcome = make(&bot.1, &room).send(&Message { key: "3".into(), ..page() }).await;
    assert!(matches!(&outcome, Outcome::Permanent { reason } if reason.contains("`token`")), "{outcome:?}");
}
