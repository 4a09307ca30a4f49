//! Messages to people: on a real homeserver, and where answers are lost.

use std::sync::{Arc, Mutex, PoisonError};

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier as _};
use serde_json::{Value, json};

use super::Matrix;
use super::tests::{call, config, user};
use crate::doubles::channel::page;
use crate::doubles::peers;
use crate::doubles::provider::{Provider, Reply, Seen, all_of};
use crate::http::Method;

const ANN: &str = "@ann:example.com";

fn to(person: &str, key: &str) -> Message {
    Message { key: key.into(), to: vec![person.into(), "ann@example.com".into()], ..page() }
}

#[tokio::test]
async fn a_page_to_a_person_arrives_in_one_room_for_ever_on_a_real_homeserver() {
    let dir = tempfile::tempdir().expect("a folder");
    let Some(peer) = peers::synapse(dir.path()).await else { return };
    let url = peer.url.as_str();
    let (bot, ann) = (user(url, "firebell").await, user(url, "ann").await);
    let make = || Matrix::new(&config(url, &json!({"token": bot.1, "timeout_s": 20}))).expect("builds");
    // At the same time, and then by another process.
    let first = make();
    let (a, b) = (to(&ann.0, "a"), to(&ann.0, "b"));
    let both = tokio::join!(first.send(&a), first.send(&b));
    let after = make().send(&to(&ann.0, "c")).await;
    for outcome in [&both.0, &both.1, &after] {
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    }
    let rooms = || async {
        let value = call(url, Method::GET, "joined_rooms", Some(&bot.1), &Value::Null).await;
        value["joined_rooms"].as_array().expect("rooms").clone()
    };
    let all = rooms().await;
    assert_eq!(all.len(), 1, "{all:?}");
    let direct = format!("user/{}/account_data/m.direct", bot.0);
    let kept = call(url, Method::GET, &direct, Some(&bot.1), &Value::Null).await;
    assert_eq!(kept[&ann.0], json!(all));
    let room = all[0].as_str().expect("a room").replace('!', "%21").replace(':', "%3A");
    call(url, Method::POST, &format!("join/{room}"), Some(&ann.1), &json!({})).await;
    // The latest ten events of each room.
    let said = async || {
        let value = call(url, Method::GET, "sync", Some(&ann.1), &Value::Null).await;
        let rooms = value["rooms"]["join"].as_object().cloned().unwrap_or_default();
        let events = rooms.values().filter_map(|room| room["timeline"]["events"].as_array()).flatten();
        events.filter(|e| e["type"] == "m.room.message").count()
    };
    assert_eq!(said().await, 3);
    // What is sent again is shown once.
    make().send(&to(&ann.0, "c")).await;
    assert_eq!(said().await, 3);
    // Whoever left is asked in again; what was forgotten is found by its name.
    call(url, Method::POST, &format!("rooms/{room}/leave"), Some(&ann.1), &json!({})).await;
    call(url, Method::PUT, &direct, Some(&bot.1), &json!({})).await;
    let outcome = make().send(&to(&ann.0, "d")).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(rooms().await.len(), 1);
    // A room that the account was put out of is replaced.
    call(url, Method::POST, &format!("rooms/{room}/leave"), Some(&bot.1), &json!({})).await;
    let outcome = make().send(&to(&ann.0, "e")).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_ne!(rooms().await, all);
}

#[derive(Debug, Default)]
struct Server {
    direct: Option<Value>,
    rooms: Vec<Value>,
    /// Paths, in part, of which the next request is carried out and not answered.
    lost: Vec<&'static str>,
}

/// <https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3createroom>.
fn documented(seen: &Seen) -> Result<(), String> {
    let body = seen.json();
    let names = ["is_direct", "preset", "visibility", "invite", "name", "room_alias_name", "initial_state"];
    if !seen.path.ends_with("/createRoom") {
        return Ok(());
    }
    all_of(&[
        (seen.method == "POST", "POST"),
        (body.as_object().is_some_and(|b| b.keys().all(|k| names.contains(&k.as_str()))), "fields"),
        (body["is_direct"] == true && body["preset"] == "trusted_private_chat", "a direct chat"),
        (body["invite"] == json!([ANN]), "the person"),
        (
            body["room_alias_name"].as_str().is_some_and(|n| !n.contains([':', '#'])),
            "the local part of an alias",
        ),
    ])
}

fn answer(server: &Mutex<Server>, seen: &Seen) -> Reply {
    let mut s = server.lock().unwrap_or_else(PoisonError::into_inner);
    let path = seen.path.trim_start_matches("/_matrix/client/v3/").to_owned();
    let is = |status: u16, value: Value| Reply::Is(status, value.to_string());
    let missing = || is(404, json!({"errcode": "M_NOT_FOUND", "error": "no"}));
    let reply = match (seen.method.as_str(), path.as_str()) {
        (_, "account/whoami") => is(200, json!({"user_id": "@firebell:example.com"})),
        ("GET", p) if p.ends_with("m.direct") => s.direct.clone().map_or_else(missing, |d| is(200, d)),
        ("PUT", p) if p.ends_with("m.direct") => {
            s.direct = Some(seen.json());
            is(200, json!({}))
        }
        (_, "createRoom") => {
            let name = seen.json()["room_alias_name"].clone();
            match s.rooms.contains(&name) {
                true => is(400, json!({"errcode": "M_ROOM_IN_USE", "error": "taken"})),
                false => {
                    s.rooms.push(name);
                    is(200, json!({"room_id": format!("!r{}:example.com", s.rooms.len())}))
                }
            }
        }
        (_, p) if p.starts_with("directory/room/") => is(200, json!({"room_id": "!r1:example.com"})),
        (_, p) if p.contains("/state/m.room.member/") => is(200, json!({"membership": "invite"})),
        (_, p) if p.ends_with("/state") => {
            is(200, json!([{"type": "m.room.create", "sender": "@firebell:example.com", "content": {}}]))
        }
        ("PUT", p) if p.contains("/send/m.room.message/") => is(200, json!({"event_id": "$1"})),
        _ => missing(),
    };
    match s.lost.iter().position(|part| path.contains(part)) {
        Some(at) => {
            s.lost.remove(at);
            Reply::Cut
        }
        None => reply,
    }
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_room_and_another_accounts_name_no_room_of_ours() {
    let server: Arc<Mutex<Server>> = Arc::default();
    let shared = Arc::clone(&server);
    let provider = Provider::start(documented, move |seen, _| answer(&shared, seen)).await;
    let make = || Matrix::new(&config(&provider.url, &json!({}))).expect("builds");
    let matrix = make();
    let open = || server.lock().unwrap_or_else(PoisonError::into_inner);
    open().lost = vec!["createRoom", "m.direct"];
    for _ in 0..2 {
        let outcome = matrix.send(&to(ANN, "a")).await;
        assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
    }
    let outcome = make().send(&to(ANN, "a")).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(open().rooms.len(), 1);
    assert_eq!(open().direct, Some(json!({ANN: ["!r1:example.com"]})));
    let sent = provider.last().path;
    assert!(sent.contains("rooms/%21r1%3Aexample.com/send/m.room.message/"), "{sent}");
    let outcome = make().send(&to("ann", "b")).await;
    assert!(
        matches!(&outcome, Outcome::Permanent { reason } if reason.contains("@ana:example.com")),
        "{outcome:?}"
    );
}
