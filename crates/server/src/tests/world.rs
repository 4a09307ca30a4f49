//! A whole server in memory with a clock that the test sets.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use firebell_core::agent::{AgentReport, AgentTask};
use firebell_core::effect::Effect;
use firebell_core::policy::Policy;
use firebell_core::ports::store::{IncidentFilter, Reader, Store};
use firebell_engine::handle::{self, Clock, Handle, Service};
use firebell_integrations::otlp::{Config, OtlpStore};
use firebell_store::{Faults, FaultyStore, MemoryBlobs, MemoryStore};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::sample;
use crate::{AppState, Auth, Role, Sources, router};

pub(crate) const AM_KEY: &str = "am-key-0123456789";
pub(crate) const PD_KEY: &str = "pd-key-0123456789";
pub(crate) const SETUP_KEY: &str = "setup-key-0123456789";
pub(crate) const OTLP_KEY: &str = "otlp-key-0123456789";

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

pub(crate) struct World {
    pub(crate) app: Router,
    pub(crate) handle: Handle,
    pub(crate) reader: Arc<dyn Reader>,
    pub(crate) faults: Faults,
    pub(crate) blobs: MemoryBlobs,
    pub(crate) state: AppState,
    pub(crate) dir: tempfile::TempDir,
    now: Arc<Mutex<Timestamp>>,
    _service: Service,
}

pub(crate) fn world() -> World {
    world_with(|_| {})
}

/// `more` adds to the senders.
pub(crate) fn world_with(more: impl FnOnce(&mut Sources)) -> World {
    world_of(sample::policy(), more)
}

/// The same under another policy.
pub(crate) fn world_of(policy: Policy, more: impl FnOnce(&mut Sources)) -> World {
    let store = MemoryStore::new();
    let reader: Arc<dyn Reader> = Arc::new(store.reader());
    let office = Arc::new(store.reader());
    let blobs = store.blobs();
    let (store, faults) = FaultyStore::new(store);
    let now = Arc::new(Mutex::new("2026-01-05T10:30:00Z".parse().expect("a time")));
    let held = Arc::clone(&now);
    let clock: Clock = Arc::new(move || *held.lock().expect("the clock"));
    let store: Box<dyn Store> = Box::new(store);
    let (service, handle) = handle::start(store, Arc::new(policy), Arc::clone(&clock)).expect("a thread");
    let mut sources = Sources::new();
    for (name, kind, key, enabled) in [
        ("am", "alertmanager", AM_KEY, true),
        ("off", "alertmanager", "off-key-0123456789", false),
        ("pd", "pagerduty", PD_KEY, true),
        ("reports", "report", "report-key-0123456789", true),
        ("graf", "grafana", "graf-key-0123456789", true),
    ] {
        let config = json!({"name": name, "kind": kind, "key": key, "enabled": enabled});
        sources.add(&serde_json::from_value(config).expect("a configuration")).expect("a source");
    }
    sources.set_otlp_key(OTLP_KEY);
    more(&mut sources);
    let mut auth = Auth::new();
    for role in Role::ALL {
        auth.add(role.as_str(), role, &token(role));
    }
    auth.add("ada", Role::Commander, "token-of-ada-0123456789");
    auth.add("grace", Role::Commander, "token-of-grace-0123456789");
    let dir = tempfile::tempdir().expect("a folder");
    let state = AppState {
        handle: handle.clone(),
        reader: Arc::clone(&reader),
        sources: Arc::new(sources),
        heartbeats: Arc::default(),
        auth: Arc::new(auth),
        oidc: None,
        otlp: Some(Arc::new(OtlpStore::new(Config::default()).expect("a store"))),
        agents: Vec::new(),
        clock,
        data_dir: PathBuf::from(dir.path()),
        public_url: "http://127.0.0.1:7300".to_owned(),
        status: Default::default(),
        office,
        systems: Default::default(),
        setup_key: SETUP_KEY.to_owned(),
        link_key: "link-key-0123456789".to_owned(),
        ack_keys: firebell_engine::ack::AckKeys::new("acknowledgements"),
        channels: Default::default(),
        post: Default::default(),
        limits: Default::default(),
        oncall: Arc::new(crate::oncall::Configured::new(super::oncall::roster())),
        templates: Arc::new(firebell_report::Templates::built_in().expect("built-in templates")),
    };
    World { app: router(state.clone()), handle, reader, faults, blobs, state, dir, now, _service: service }
}

pub(crate) fn token(role: Role) -> String {
    format!("token-of-{}-0123456789", role.as_str())
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

impl World {
    /// The same store behind another server.
    pub(crate) fn behind(self, state: AppState) -> Self {
        Self { app: router(state.clone()), state, ..self }
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.now.lock().expect("the clock")
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        let mut now = self.now.lock().expect("the clock");
        *now = now.checked_add(time).expect("a time");
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        send(&self.app, method, path, headers, body).await
    }

    /// With a role's token.
    pub(crate) async fn api(&self, role: Role, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, &[("authorization", &bearer(&token(role)))], body).await
    }

    /// Declares an incident as a commander; answers its id.
    pub(crate) async fn declare(&self, title: &str) -> String {
        let answer = self.api(Role::Commander, "POST", "/api/v1/incidents", json!({"title": title})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Lets agents answer until they wait for a person.
    pub(crate) async fn play(&self) {
        self.play_giving(&|_| Value::Null).await;
    }

    /// The same, with what the outside world hands back.
    pub(crate) async fn play_giving(&self, gives: &(dyn Fn(&Effect) -> Value + Sync)) {
        let now = self.now();
        sample::play(&self.handle, &|| now, gives).await.expect("effects");
    }

    /// The same, with what `edits` changes in the agents' reports.
    pub(crate) async fn play_reporting(&self, edits: &(dyn Fn(&AgentTask, &mut AgentReport) + Sync)) {
        let now = self.now();
        sample::play_editing(&self.handle, &|| now, &|_| Value::Null, edits).await.expect("effects");
    }

    /// Waits until the inbox is empty.
    pub(crate) async fn settle(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.reader.inbox_depth().expect("the store") > 0 {
            assert!(Instant::now() < deadline, "the inbox is not drained");
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn incidents(&self) -> usize {
        let filter = IncidentFilter { include_restricted: true, ..IncidentFilter::default() };
        self.reader.incidents(&filter).expect("the store").len()
    }
}

pub(crate) async fn send(
    app: &Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let asked: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body.into()).expect("a request");
    let response = app.clone().oneshot(request).await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    // On a host of its own the status page answers, and the API is not there.
    if !asked.contains(&"host") {
        super::openapi::hold(method, path, status, &headers, &bytes);
    }
    Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}
