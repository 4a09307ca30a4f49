//! The public status page: open to all, and telling nothing but what was posted to all.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use firebell_core::alert::Alert;
use firebell_core::change::Change;
use firebell_core::ids::IncidentId;
use firebell_core::incident::{EventRecord, Summary};
use firebell_core::ports::store::{
    AlertFilter, IncidentFilter, OutboxRow, OutboxState, Reader, StoreError, StoreResult, TimerRow,
};
use firebell_core::silence::Silence;
use firebell_core::telemetry::Window;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{Answer, World, send, world};
use crate::state::{App, Shared};
use crate::status::{Pace, Status};
use crate::{Role, StatusConfig, router};

pub(super) const DOCUMENTS: [&str; 12] = [
    "/status",
    "/status/history",
    "/status/history.atom",
    "/status/history.rss",
    "/status/badge.svg",
    "/status/badge/checkout.svg",
    "/status/api/v2/summary.json",
    "/status/api/v2/status.json",
    "/status/api/v2/components.json",
    "/status/api/v2/incidents.json",
    "/status/api/v2/incidents/unresolved.json",
    "/status/api/v2/scheduled-maintenances.json",
];

async fn get(w: &World, path: &str) -> Answer {
    w.send("GET", path, &[], "").await
}

/// A page is made at most once a second.
pub(super) async fn until(w: &World, path: &str, words: &str) -> Answer {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = get(w, path).await;
        if answer.text.contains(words) {
            return answer;
        }
        assert!(Instant::now() < deadline, "never said {words:?}: {}", answer.text);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub(super) async fn told(w: &World) -> String {
    let body = json!({"title": "Kernel panic on db-7.internal: checkout is down", "services": ["checkout"],
        "severity": "SEV1"});
    let answer = w.api(Role::Commander, "POST", "/api/v1/incidents", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let id = answer.json()["id"].as_str().expect("an id").to_owned();
    let update = json!({"audience": "public", "subject": "We are looking into errors in checkout",
        "body": "Customers may see **errors**.\n\n<script>alert(1)</script>"});
    let answer = w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/updates"), update).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    id
}

#[tokio::test]
async fn it_says_what_was_posted_to_the_public_and_nothing_else() {
    let w = world();
    let id = told(&w).await;
    let note = json!({"text": "the password of db-7 is in the vault"});
    w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/notes"), note).await;
    let page = until(&w, "/status", "Customers may see").await;
    assert_eq!(page.status, StatusCode::OK);
    for words in ["Major system outage", "Errors in checkout", "<strong>errors</strong>", "&lt;script&gt;"] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    let one = get(&w, &format!("/status/incidents/{id}")).await;
    assert!(one.text.contains("Customers may see"), "{}", one.text);
    for path in DOCUMENTS.iter().copied().chain([format!("/status/incidents/{id}").as_str()]) {
        let answer = get(&w, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        assert!(answer.header("cache-control").starts_with("public, max-age="), "{path}");
        assert!(!answer.header("content-security-policy").contains("script"), "{path}");
        for secret in ["db-7", "Kernel", "vault", "ada", "<script"] {
            assert!(!answer.text.contains(secret), "{path} tells {secret:?}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn what_is_restricted_or_was_never_told_is_nowhere() {
    let w = world();
    let id = told(&w).await;
    let quiet = w.declare("nobody was told of this").await;
    until(&w, "/status", "Errors in checkout").await;
    let kind = json!({"kind": "security", "restricted": true});
    let answer = w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/kind"), kind).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    until(&w, "/status", "All systems operational").await;
    for path in DOCUMENTS {
        let text = get(&w, path).await.text;
        assert!(!text.contains(&id) && !text.contains(&quiet), "{path}: {text}");
    }
    // Who posts to the public although it is confidential means to.
    let update =
        json!({"audience": "public", "subject": "Please sign in again", "body": "We ended all sessions."});
    w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/updates"), update).await;
    let page = until(&w, "/status", "We ended all sessions").await;
    for secret in ["Customers may see", "security", "Checkout</a>", "Affects", "outage for"] {
        assert!(!page.text.contains(secret), "only what was posted: {secret}: {}", page.text);
    }
    assert!(page.text.contains("All systems operational"), "{}", page.text);
    for id in [quiet.as_str(), "INC-2026-9999", "..%2f..%2fsecrets"] {
        assert_eq!(get(&w, &format!("/status/incidents/{id}")).await.status, StatusCode::NOT_FOUND, "{id}");
    }
}

#[tokio::test]
async fn its_documents_have_the_common_form() {
    let w = world();
    told(&w).await;
    let summary = until(&w, "/status/api/v2/summary.json", "INC-").await;
    assert_eq!(summary.header("content-type"), "application/json");
    assert_eq!(summary.header("access-control-allow-origin"), "*");
    insta::assert_snapshot!(serde_json::to_string_pretty(&summary.json()).expect("JSON"));
    insta::assert_snapshot!(get(&w, "/status/history.atom").await.text);
    insta::assert_snapshot!(get(&w, "/status/history.rss").await.text);
}

#[tokio::test]
async fn who_has_it_already_gets_nothing_and_who_can_unpack_gets_less() {
    let w = world();
    let first = get(&w, "/status").await;
    let tag = first.header("etag").to_owned();
    assert!(tag.len() > 10);
    let known = w.send("GET", "/status", &[("if-none-match", &format!("\"x\", {tag}"))], "").await;
    assert_eq!((known.status, known.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(known.header("etag"), tag);
    let other = w.send("GET", "/status", &[("if-none-match", "\"x\"")], "").await;
    assert_eq!(other.status, StatusCode::OK);
    let packed = w.send("GET", "/status", &[("accept-encoding", "br, gzip")], "").await;
    assert_eq!((packed.header("content-encoding"), packed.header("vary")), ("gzip", "accept-encoding"));
    let plain = w.send("GET", "/status", &[("accept-encoding", "gzip;q=0")], "").await;
    assert_eq!(plain.header("content-encoding"), "");
}

#[tokio::test]
async fn it_ends_as_it_was_told() {
    let w = world();
    let id = told(&w).await;
    until(&w, "/status", "Major system outage").await;
    w.pass(SignedDuration::from_mins(30));
    let resolve = json!({"summary": "a new kernel"});
    let answer = w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/resolve"), resolve).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    let page = until(&w, "/status", "All systems operational").await;
    assert!(
        page.text.contains("Errors in checkout") && page.text.contains("major outage for 30 min"),
        "{}",
        page.text
    );
    let history = get(&w, "/status/history").await;
    assert!(history.text.contains("January 2026") && history.text.contains("for 30 min"), "{}", history.text);
    let open: Value = get(&w, "/status/api/v2/incidents/unresolved.json").await.json();
    assert_eq!(open["incidents"], json!([]));
    for (page, status) in [("0", 200), ("7", 200), ("x", 400), ("-1", 400)] {
        let answer = get(&w, &format!("/status/history?page={page}")).await;
        assert_eq!(answer.status.as_u16(), status, "{page}: {}", answer.text);
    }
}

#[tokio::test]
async fn on_a_host_of_its_own_there_is_nothing_else() {
    let w = world();
    let mut state = w.state.clone();
    state.status = StatusConfig { host: Some("status.example.com".to_owned()), ..StatusConfig::default() };
    let app = router(state);
    let at = async |host: &str, path: &str| send(&app, "GET", path, &[("host", host)], "").await;
    for path in ["/", "/status", "/history", "/history.atom", "/api/v2/summary.json"] {
        let answer = at("Status.example.com:8443", path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    }
    assert_eq!(at("status.example.com.", "/login").await.status, StatusCode::NOT_FOUND, "the same host");
    for path in ["/login", "/metrics", "/healthz", "/api/v1/incidents", "/stream"] {
        assert_eq!(at("status.example.com", path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(at("firebell.example.com", "/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(at("firebell.example.com", "/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn switched_off_there_is_none() {
    let w = world();
    let mut state = w.state.clone();
    state.status.enabled = false;
    let app = router(state);
    for path in DOCUMENTS {
        assert_eq!(send(&app, "GET", path, &[], "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn one_that_is_reopened_days_later_was_well_in_between() {
    let w = world();
    let id = told(&w).await;
    let post = async |verb: &str, body: Value| {
        let answer = w.api(Role::Commander, "POST", &format!("/api/v1/incidents/{id}/{verb}"), body).await;
        assert!(answer.status.is_success(), "{}", answer.text);
    };
    w.pass(SignedDuration::from_mins(30));
    post("resolve", json!({"summary": "a new kernel"})).await;
    w.pass(SignedDuration::from_hours(72));
    post("reopen", json!({"reason": "it is back"})).await;
    w.pass(SignedDuration::from_mins(45));
    post("resolve", json!({"summary": "another kernel"})).await;
    let page = until(&w, "/status", "major outage for 45 min").await.text;
    for words in ["5 Jan 2026: major outage for 30 min", "6 Jan 2026: no incident", "7 Jan 2026: no incident"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let history = get(&w, "/status/history").await.text;
    assert!(history.contains("for 1 h 15 min"), "{history}");
}

/// A store that answers, fails or hangs as it is told, and counts how often it is asked where it stands.
struct Moody {
    inner: Arc<dyn Reader>,
    fails: AtomicBool,
    asked: AtomicUsize,
    open: Mutex<bool>,
    opened: Condvar,
}

impl Moody {
    fn new(inner: Arc<dyn Reader>) -> Self {
        Self {
            inner,
            fails: AtomicBool::default(),
            asked: AtomicUsize::default(),
            open: Mutex::new(true),
            opened: Condvar::new(),
        }
    }

    fn set_open(&self, open: bool) {
        *self.open.lock().expect("not poisoned") = open;
        self.opened.notify_all();
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

macro_rules! pass {
    ($(fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)*) => {
        $(fn $name(&self, $($arg: $kind),*) -> StoreResult<$out> { self.inner.$name($($arg),*) })*
    };
}

impl Reader for Moody {
    fn events_after(&self, position: u64, limit: usize) -> StoreResult<Vec<(u64, EventRecord)>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        drop(self.opened.wait_while(self.open.lock().expect("not poisoned"), |open| !*open));
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError::Database { doing: "read", detail: "the disk is gone".to_owned() });
        }
        self.inner.events_after(position, limit)
    }

    pass! {
        fn events(incident: &IncidentId) -> Vec<EventRecord>;
        fn position() -> u64;
        fn incidents(filter: &IncidentFilter) -> Vec<Summary>;
        fn alerts(filter: &AlertFilter) -> Vec<Alert>;
        fn silences() -> Vec<Silence>;
        fn changes(window: Window, limit: usize) -> Vec<Change>;
        fn outbox(incident: Option<&IncidentId>, state: Option<OutboxState>, limit: usize) -> Vec<OutboxRow>;
        fn timers(incident: Option<&IncidentId>) -> Vec<TimerRow>;
        fn inbox_depth() -> u64;
        fn blob_get(sha256: &str) -> Option<Vec<u8>>;
    }
}

/// Nothing waits for anything but the store.
fn quick() -> Pace {
    let at_once = Duration::from_millis(1);
    Pace { young: at_once, old: at_once, stale: at_once, patience: Duration::from_secs(20), rest: at_once }
}

fn moody(w: &World, pace: Pace) -> (Arc<Moody>, Shared) {
    let store = Arc::new(Moody::new(Arc::clone(&w.reader)));
    let mut state = w.state.clone();
    state.reader = Arc::clone(&store) as Arc<dyn Reader>;
    let mut app = App::new(state);
    app.status.pace = pace;
    (store, Arc::new(app))
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_hangs_or_fails_one_asks_it_and_all_get_the_last_page() {
    let w = world();
    let (store, app) = moody(&w, Pace { patience: Duration::from_millis(200), ..quick() });
    let first = Status::shown(&app).await.expect("a page");
    let pause = || tokio::time::sleep(Duration::from_millis(5));
    pause().await;

    store.set_open(false);
    let asked = store.asked();
    let begun = Instant::now();
    let readers = futures_util::future::join_all((0..100).map(|_| Status::shown(&app))).await;
    for shown in readers {
        assert!(Arc::ptr_eq(&shown.expect("the last page"), &first));
    }
    assert!(Arc::ptr_eq(&Status::shown(&app).await.expect("the last page"), &first), "at once, by now");
    assert!(first.age_s(&app).is_some(), "and that it is old is said");
    assert!(begun.elapsed() < Duration::from_secs(10), "they wait together: {:?}", begun.elapsed());
    assert_eq!(store.asked(), asked + 1);
    store.set_open(true);
    let deadline = Instant::now() + Duration::from_secs(20);
    while Arc::ptr_eq(&Status::shown(&app).await.expect("a page"), &first) {
        assert!(Instant::now() < deadline, "never made again");
        pause().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failure_the_store_is_left_alone_for_a_while() {
    let w = world();
    let (store, app) = moody(&w, Pace { rest: Duration::from_secs(600), ..quick() });
    store.fails.store(true, Ordering::SeqCst);
    for _ in 0..20 {
        let problem = Status::shown(&app).await.expect_err("there was never a page");
        assert_eq!(problem.status, StatusCode::SERVICE_UNAVAILABLE);
    }
    assert_eq!(store.asked(), 1);

    let (store, app) = moody(&w, Pace { rest: Duration::from_millis(50), ..quick() });
    let first = Status::shown(&app).await.expect("a page");
    tokio::time::sleep(Duration::from_millis(5)).await;
    store.fails.store(true, Ordering::SeqCst);
    let last = Status::shown(&app).await.expect("the last page");
    assert!(Arc::ptr_eq(&last, &first));
    store.fails.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert!(!Arc::ptr_eq(&Status::shown(&app).await.expect("a page"), &first), "tried again");
}
