//! Updates whose channels are down: what still holds arrives once they are back, and somebody hears that nobody was told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firebell_core::comms::Audience;
use firebell_core::effect::Outcome;
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Actor, Command, Event, EventRecord, Incident, Opening, fold};
use firebell_core::ports::notifier::{Message, Notifier};
use firebell_core::ports::store::Reader;
use firebell_core::ports::{BoxFuture, Health};
use firebell_core::severity::Severity;
use firebell_engine::effects::{Executor, RoomSystems};
use firebell_engine::handle::{self, Clock, Handle};
use firebell_report::Templates;
use firebell_store::{MemoryReader, MemoryStore};
use firebell_testkit::samples;
use firebell_testkit::vendor::{FakeAgents, FakeArchive, Vendor};
use jiff::Timestamp;
use serde_json::Value;

/// How a channel behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    Down,
    Refuses,
}

/// A channel that keeps what reached it, as a receiver that keeps keys sees it.
struct Channel {
    name: String,
    mood: Arc<Mutex<Mood>>,
    inbox: Arc<Mutex<Vec<Message>>>,
}

impl Notifier for Channel {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health { name: self.name.clone(), ok: true, detail: String::new() } })
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Outcome> {
        let outcome = match *self.mood.lock().expect("not poisoned") {
            Mood::Down => Outcome::Retry { reason: "connection refused".into(), after_s: None },
            Mood::Refuses => Outcome::Permanent { reason: "401: the token was revoked".into() },
            Mood::Well => {
                self.inbox.lock().expect("not poisoned").push(message.clone());
                Outcome::Done { detail: "ok".into(), data: Value::Null }
            }
        };
        Box::pin(async { outcome })
    }
}

/// One node whose channels of updates fail together; pages go by another.
struct Node {
    handle: Handle,
    _service: handle::Service,
    reader: MemoryReader,
    executor: Executor,
    clock: Arc<AtomicI64>,
    mood: Arc<Mutex<Mood>>,
    updates: Arc<Mutex<Vec<Message>>>,
    pager: Arc<Mutex<Vec<Message>>>,
    id: IncidentId,
}

impl Node {
    async fn start(mood: Mood) -> Self {
        let store = MemoryStore::new();
        let reader = store.reader();
        let clock = Arc::new(AtomicI64::new(samples::START_S));
        let read = Arc::clone(&clock);
        let now: Clock =
            Arc::new(move || Timestamp::from_second(read.load(Ordering::Relaxed)).expect("in range"));
        let policy = Arc::new(samples::policy());
        let (service, handle) =
            handle::start(Box::new(store), Arc::clone(&policy), Arc::clone(&now)).expect("a thread");
        let (mood, well) = (Arc::new(Mutex::new(mood)), Arc::new(Mutex::new(Mood::Well)));
        let (updates, pager) = (Arc::default(), Arc::default());
        let channel = |name: &String, mood: &Arc<Mutex<Mood>>, inbox: &Arc<Mutex<Vec<Message>>>| {
            let channel = Channel { name: name.clone(), mood: Arc::clone(mood), inbox: Arc::clone(inbox) };
            (name.clone(), Arc::new(channel) as Arc<dyn Notifier>)
        };
        let told = policy.channels.values().flatten().map(|name| channel(name, &mood, &updates));
        let paged = policy.page_channels.iter().map(|name| channel(name, &well, &pager));
        let notifiers: BTreeMap<_, _> = told.chain(paged).collect();
        let vendor = Vendor::default();
        let executor = Executor {
            agents: Arc::new(FakeAgents { vendor: vendor.clone() }),
            notifiers,
            platforms: Vec::new(),
            rooms: RoomSystems::default(),
            trackers: BTreeMap::new(),
            archive: Arc::new(FakeArchive { vendor }),
            reader: Arc::new(reader.clone()),
            templates: Arc::new(Templates::built_in().expect("parses")),
            policy,
            clock: Arc::clone(&now),
            by_contact: BTreeMap::new(),
            devices: Arc::new(firebell_engine::effects::NoDevices),
            throttle: firebell_engine::effects::Throttle::default(),
            ack_keys: firebell_engine::ack::AckKeys::new("acknowledgements"),
        };
        let opening = Opening {
            title: "checkout is down".to_owned(),
            services: vec!["checkout".to_owned()],
            severity: Some(Severity::Sev1),
            ..Opening::default()
        };
        let id = handle.open(opening, Actor::person("ada")).await.expect("opens").incident;
        Self { handle, _service: service, reader, executor, clock, mood, updates, pager, id }
    }

    async fn work(&self) {
        loop {
            let claimed = self.handle.claim(16, 16).await.expect("readable");
            if claimed.is_empty() {
                return;
            }
            for claimed in claimed {
                let (key, fence) = (claimed.row.key.clone(), claimed.row.fence);
                let result = self.executor.run(claimed).await;
                self.handle.finish(&key, fence, result).await.expect("recorded");
            }
        }
    }

    /// Time passes in steps, with all that is due at each.
    async fn pass(&self, seconds: i64, step: i64) {
        for _ in 0..seconds / step {
            self.clock.fetch_add(step, Ordering::Relaxed);
            // Timers are fired by the writer thread, which looks at the clock when something wakes it.
            for _ in 0..200 {
                self.work().await;
                let due = firebell_core::incident::timers(&self.incident(), &self.executor.policy);
                let now = (self.executor.clock)();
                if due.values().all(|at| *at > now) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            self.work().await;
        }
    }

    fn records(&self) -> Vec<EventRecord> {
        self.reader.events(&self.id).expect("readable")
    }

    fn incident(&self) -> Incident {
        fold(&self.records()).expect("is there")
    }

    fn set(&self, mood: Mood) {
        *self.mood.lock().expect("not poisoned") = mood;
    }

    /// What people were called with.
    fn calls(&self, words: &str) -> usize {
        self.pager.lock().expect("not poisoned").iter().filter(|m| m.subject.contains(words)).count()
    }
}

#[tokio::test]
async fn channels_that_are_down_for_an_hour_tell_what_still_holds_once_and_somebody_hears_of_it_meanwhile() {
    let node = Node::start(Mood::Well).await;
    node.work().await;
    node.pass(60, 30).await;
    node.set(Mood::Down);
    let words = "We have called the vendor.";
    let post = Command::PostUpdate {
        audience: Audience::Internal,
        subject: "In our words".into(),
        body: words.into(),
    };
    node.handle.command(&node.id, post, Actor::person("grace")).await.expect("is posted");
    node.pass(3600, 60).await;
    assert!(node.incident().dead_effects.is_empty(), "{:?}", node.incident().dead_effects);
    assert!(node.calls("colleagues were not told by chat/internal for") >= 1, "somebody was called");
    node.set(Mood::Well);
    node.pass(900, 60).await;
    let (incident, inbox) = (node.incident(), node.updates.lock().expect("not poisoned").clone());
    let mut keys: Vec<&String> = inbox.iter().map(|m| &m.key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), inbox.len(), "nothing was told twice");
    for audience in Audience::ALL {
        let Some(last) = incident.updates.iter().rfind(|u| u.audience == audience) else { continue };
        let got = inbox.iter().any(|m| m.audience == audience.as_str() && m.body == last.body);
        assert!(got && last.delivered == last.channels, "{audience:?} never read {last:?}");
    }
    // What a person wrote is in no other update: it is told, with its time.
    let theirs: Vec<&Message> = inbox.iter().filter(|m| m.body.contains(words)).collect();
    assert_eq!(theirs.len(), 1);
    assert!(theirs[0].body.starts_with("Written on "), "{}", theirs[0].body);
    // What was drafted between and does not hold any more is told to nobody.
    let sent = inbox.iter().filter(|m| m.audience == "internal").count();
    let posted = incident.updates.iter().filter(|u| u.audience == Audience::Internal).count();
    assert!(sent < posted, "{sent} of {posted}");
}

#[tokio::test]
async fn a_channel_that_refuses_for_good_is_told_at_once_to_who_speaks_for_the_incident() {
    let node = Node::start(Mood::Refuses).await;
    node.work().await;
    let calls = node.calls("the executives were not told by mail/executives: 401: the token was revoked");
    assert_eq!(calls, 1);
    assert!(!node.incident().dead_effects.is_empty());
    node.pass(300, 30).await;
    for who in ["colleagues were", "the public was", "customer support was"] {
        assert!(node.calls(&format!("{who} not told by")) >= 1, "{who}");
    }
    let escalated =
        |r: &EventRecord| matches!(&r.event, Event::Escalated { to, .. } if to == "whoever speaks for it");
    assert!(node.records().iter().any(escalated));
}
