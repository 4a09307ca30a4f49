//! Heartbeats: beats, what becomes of those that are missed, restarts, our own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use firebell_core::ports::store::AlertFilter;
use firebell_store::Fault;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{World, bearer, world};
use crate::heartbeats::{Heartbeats, look, works};
use crate::{AppState, HeartbeatConfig, OwnConfig, Role, heartbeat};

const KEY: &str = "backup-key-0123456789";

fn configured(names: &[&str]) -> Vec<HeartbeatConfig> {
    let one = |name: &&str| {
        json!({"name": name, "every_s": 3600, "grace_s": 300, "service": "checkout", "about": "The nightly backup",
            "key": format!("{name}-key-0123456789")})
    };
    names.iter().map(|name| serde_json::from_value(one(name)).expect("a configuration")).collect()
}

/// A server with these heartbeats, over the same store as the one before.
fn started(w: World, names: &[&str]) -> World {
    let heartbeats = Arc::new(Heartbeats::new(&configured(names)).expect("they are right"));
    let state = AppState { heartbeats, ..w.state.clone() };
    w.behind(state)
}

async fn beat(w: &World, path: &str) -> u16 {
    let answer = w.send("POST", path, &[("authorization", &bearer(KEY))], "disk full").await;
    answer.status.as_u16()
}

/// Looks, and says what the alert of a heartbeat is by then.
async fn alert(w: &World) -> Option<(bool, String)> {
    look(&w.state).await.expect("the engine");
    w.settle().await;
    let all = w.reader.alerts(&AlertFilter { limit: 10, ..AlertFilter::default() }).expect("the store");
    assert!(all.len() <= 1, "{all:?}");
    all.into_iter().next().map(|a| {
        assert_eq!(a.source, "heartbeat/backup");
        (a.firing, a.annotations.get("summary").cloned().unwrap_or_default())
    })
}

#[tokio::test]
async fn a_missed_beat_is_an_alert_until_it_beats_again() {
    let w = started(world(), &["backup"]);
    assert_eq!(alert(&w).await, None, "what never beat is not missed");
    assert_eq!(beat(&w, "/heartbeat/backup").await, 200);
    w.pass(SignedDuration::from_secs(3600 + 299));
    assert_eq!(alert(&w).await, None);
    w.pass(SignedDuration::from_secs(1));
    let (firing, said) = alert(&w).await.expect("an alert");
    assert!(firing);
    insta::assert_snapshot!(said, @"The nightly backup has not been heard of: a beat is expected every 3600 s, with 300 s of grace; the last good one at 2026-01-05 10:30:00 UTC");
    assert_eq!(w.incidents(), 1);
    let list = w.api(Role::Viewer, "GET", "/api/v1/heartbeats", Value::Null).await;
    assert_eq!(list.json()["heartbeats"][0]["state"], "missed", "{}", list.text);
    assert_eq!(beat(&w, "/heartbeat/backup").await, 200);
    assert!(!alert(&w).await.expect("an alert").0, "it beats again");
    let list = w.api(Role::Viewer, "GET", "/api/v1/heartbeats", Value::Null).await;
    let shown = &list.json()["heartbeats"][0];
    assert_eq!(
        (&shown["state"], &shown["beats"], &shown["alert_since"]),
        (&json!("up"), &json!(2), &Value::Null)
    );
}

#[tokio::test]
async fn a_run_that_fails_or_hangs_is_an_alert_with_what_it_said() {
    let w = started(world(), &["backup"]);
    assert_eq!(beat(&w, "/heartbeat/backup/start").await, 200);
    assert_eq!(beat(&w, &format!("/heartbeat/backup/{KEY}/3")).await, 200);
    let (firing, said) = alert(&w).await.expect("an alert");
    assert!(
        firing && said == "The nightly backup says that it failed, exit code 3; none was ever good",
        "{said}"
    );
    assert_eq!(beat(&w, "/heartbeat/backup/0").await, 200);
    assert!(!alert(&w).await.expect("an alert").0);
    assert_eq!(beat(&w, &format!("/heartbeat/backup/{KEY}/start")).await, 200);
    w.pass(SignedDuration::from_secs(300));
    let (firing, said) = alert(&w).await.expect("an alert");
    assert!(firing && said.contains("began a run that did not end within 300 s"), "{said}");
}

#[tokio::test]
async fn only_its_key_beats_whatever_the_method() {
    let w = started(world(), &["backup", "other"]);
    let other = "other-key-0123456789";
    for path in [
        "/heartbeat/backup",
        "/heartbeat/nothing",
        "/heartbeat/backup/fail",
        "/heartbeat/backup/wrong-key-00000000",
    ] {
        for method in ["GET", "POST", "HEAD"] {
            assert_eq!(
                w.send(method, path, &[("authorization", &bearer(other))], "").await.status.as_u16(),
                401,
                "{path}"
            );
        }
    }
    for method in ["GET", "HEAD", "POST"] {
        let answer = w.send(method, &format!("/heartbeat/backup/{KEY}"), &[], "").await;
        assert_eq!(answer.status.as_u16(), 200, "{method}");
        w.pass(SignedDuration::from_secs(1));
    }
    assert_eq!(w.send("GET", &format!("/heartbeat/backup/{KEY}/often"), &[], "").await.status.as_u16(), 404);
    let list = w.api(Role::Viewer, "GET", "/api/v1/heartbeats", Value::Null).await;
    assert_eq!(list.json()["heartbeats"][0]["beats"], 3);
    assert!(!list.text.contains(KEY));
}

#[tokio::test]
async fn a_restart_neither_forgets_nor_invents() {
    let w = started(world(), &["backup"]);
    assert_eq!(beat(&w, "/heartbeat/backup").await, 200);
    w.pass(SignedDuration::from_hours(5));
    let w = started(w, &["backup"]);
    assert_eq!(alert(&w).await, None, "it may have beaten while nobody was here");
    w.pass(SignedDuration::from_secs(3600 + 300));
    assert!(alert(&w).await.expect("an alert").0);
    let w = started(w, &["backup"]);
    assert!(alert(&w).await.expect("an alert").0, "it is still missed");
    let list = w.api(Role::Viewer, "GET", "/api/v1/heartbeats", Value::Null).await;
    assert_eq!(list.json()["heartbeats"][0]["state"], "missed");
    // Taken out of the configuration: its alert must not fire for ever.
    let w = started(w, &[]);
    crate::heartbeats::forget_removed(&w.state).await.expect("the engine");
    assert!(!alert(&w).await.expect("an alert").0);
    assert_eq!(w.incidents(), 1);
}

#[tokio::test]
async fn a_beat_that_could_not_be_kept_is_told_to_its_sender() {
    let w = started(world(), &["backup"]);
    assert_eq!(alert(&w).await, None);
    strike(&w);
    assert_eq!(beat(&w, "/heartbeat/backup").await, 503);
    w.faults.clear();
    assert_eq!(beat(&w, "/heartbeat/backup").await, 200);
}

/// Whichever transaction is next, the writer's own looks included, fails.
fn strike(w: &World) {
    (1..100).for_each(|n| w.faults.at(w.faults.count() + n, Fault::BeforeCommit));
}

/// Answers `status` to whoever asks, and counts.
async fn outside(status: &Arc<AtomicU16>) -> (String, Arc<AtomicUsize>) {
    let hits = Arc::new(AtomicUsize::new(0));
    let (counted, status) = (Arc::clone(&hits), Arc::clone(status));
    let app = axum::Router::new().fallback(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        let status = status.load(Ordering::SeqCst);
        async move { axum::http::StatusCode::from_u16(status).expect("a status") }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/ping/secret-of-the-switch", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, hits)
}

#[tokio::test]
async fn our_own_beats_only_while_the_engine_works() {
    let w = world();
    assert_eq!(works(&w.handle, w.now()).await, Err("the dispatcher does not run".to_owned()));
    w.handle.pulse().dispatched();
    assert_eq!(works(&w.handle, w.now()).await, Ok(()));
    strike(&w);
    assert!(works(&w.handle, w.now()).await.expect_err("it must").contains("does not commit"));
    w.faults.clear();

    let status = Arc::new(AtomicU16::new(200));
    let (url, hits) = outside(&status).await;
    let config: OwnConfig =
        serde_json::from_value(json!({"url": url, "every_s": 5})).expect("a configuration");
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let task = tokio::spawn(heartbeat(config, w.state.clone(), stopped));
    while w.state.heartbeats.own.pulse().sent == 0 {
        w.handle.pulse().dispatched();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(hits.load(Ordering::SeqCst), 1);
    let list = w.api(Role::Viewer, "GET", "/api/v1/heartbeats", Value::Null).await;
    assert!(
        list.json()["own"]["last_at"].is_string() && !list.text.contains("secret-of-the-switch"),
        "{}",
        list.text
    );
    let metrics = w.api(Role::Viewer, "GET", "/metrics", Value::Null).await.text;
    assert!(metrics.contains("firebell_own_heartbeat_working 1"), "{metrics}");
    stop.send(true).expect("it listens");
    task.await.expect("it ends");
}

#[test]
fn mistakes_are_named_by_their_fields() {
    let mut all = configured(&["backup", "backup", "a b"]);
    all[1].every_s = 1;
    let problems = Heartbeats::new(&all).err().expect("they are wrong").join("\n");
    assert_eq!(
        problems,
        "heartbeats/backup: every_s: 1 is not between 5 and 31622400 seconds\nheartbeats/a b: name: must be 1 to 64 \
         letters, digits, '-', '_' or '.'"
    );
    let twice = Heartbeats::new(&configured(&["backup", "backup"])).err().expect("it is wrong").join("\n");
    assert!(twice.contains("is used twice") && twice.contains("give each its own"), "{twice}");
    let own = |json: Value| {
        serde_json::from_value::<OwnConfig>(json).expect("a configuration").problems().join("\n")
    };
    let said = own(json!({"url": "secret nonsense", "every_s": 1, "method": "PUT"}));
    assert!(said.contains("heartbeat.every_s: 1") && said.contains("heartbeat.method: \"PUT\""), "{said}");
    assert!(said.contains("url") && !said.contains("nonsense"), "{said}");
    assert_eq!(own(json!({"url": "https://hc-ping.com/abc"})), "");
}
