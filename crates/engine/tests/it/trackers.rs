//! Issues of action items in a tracker that fails as trackers do: one issue each, status both ways, nothing lost silently.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use firebell_core::effect::Effect;
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Actor, Command, Event, Incident, Issue, IssueEvent, Opening, fold};
use firebell_core::policy::{ItemTracker, Policy};
use firebell_core::ports::chat::{Answer, Trouble};
use firebell_core::ports::store::Reader;
use firebell_core::ports::tracker::{IssueStatus, IssueWish, Tracker};
use firebell_core::ports::{BoxFuture, Health};
use firebell_core::severity::{IncidentKind, Severity};
use firebell_engine::effects::{Executor, RoomSystems};
use firebell_engine::handle::{self, Clock, Handle};
use firebell_engine::track::Tracking;
use firebell_report::Templates;
use firebell_store::{MemoryReader, MemoryStore};
use firebell_testkit::samples;
use firebell_testkit::vendor::{FakeAgents, FakeArchive, Vendor};
use jiff::Timestamp;

const ENG: &str = "linear/eng";

/// What a tracker keeps: it finds an issue by its mark only if it is looked for, as GitHub.
#[derive(Default)]
struct Shelf {
    issues: Vec<(String, IssueStatus, IssueWish)>,
    down: bool,
    revoked: bool,
    lose_answers: usize,
    closed: usize,
    looks: usize,
}

#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Shelf>>);

impl Fake {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().expect("not poisoned")
    }

    fn up(&self) -> Answer<()> {
        let shelf = self.shelf();
        if shelf.revoked {
            return Err(Trouble::permanent("the key is not valid any more: set `api_key`"));
        }
        if shelf.down { Err(Trouble::retry("connection refused")) } else { Ok(()) }
    }

    fn issue(n: usize) -> Issue {
        let key = format!("ENG-{n}");
        Issue { id: format!("i-{n}"), url: format!("https://linear.app/acme/issue/{key}"), key }
    }

    fn filed(&self, wish: &IssueWish) -> Answer<Issue> {
        self.up()?;
        let mut shelf = self.shelf();
        if let Some(n) = shelf.issues.iter().position(|(mark, ..)| wish.again && *mark == wish.mark) {
            return Ok(Self::issue(n + 1));
        }
        shelf.issues.push((wish.mark.clone(), IssueStatus::Open, wish.clone()));
        if shelf.lose_answers > 0 {
            shelf.lose_answers -= 1;
            return Err(Trouble::retry("no answer within 15 s"));
        }
        Ok(Self::issue(shelf.issues.len()))
    }

    fn position(id: &str) -> usize {
        id.trim_start_matches("i-").parse::<usize>().expect("a number") - 1
    }

    fn ended(&self, id: &str) -> Answer<()> {
        self.up()?;
        let mut shelf = self.shelf();
        shelf.closed += 1;
        match shelf.issues.get_mut(Self::position(id)) {
            Some((_, IssueStatus::Gone(reason), _)) => Err(Trouble::Gone { reason: reason.clone() }),
            Some((_, status, _)) => {
                *status = IssueStatus::Done;
                Ok(())
            }
            None => Err(Trouble::permanent("no such issue")),
        }
    }
}

impl Tracker for Fake {
    fn name(&self) -> &str {
        ENG
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health { name: ENG.to_owned(), ok: true, detail: String::new() } })
    }

    fn file<'a>(&'a self, wish: &'a IssueWish) -> BoxFuture<'a, Answer<Issue>> {
        Box::pin(async { self.filed(wish) })
    }

    fn close<'a>(&'a self, issue: &'a str) -> BoxFuture<'a, Answer<()>> {
        Box::pin(async { self.ended(issue) })
    }

    fn look<'a>(&'a self, issues: &'a [String]) -> BoxFuture<'a, Answer<Vec<IssueStatus>>> {
        Box::pin(async {
            self.up()?;
            let mut shelf = self.shelf();
            shelf.looks += issues.len();
            Ok(issues.iter().map(|id| shelf.issues[Self::position(id)].1.clone()).collect())
        })
    }

    fn at_once(&self) -> usize {
        10
    }
}

struct Node {
    handle: Handle,
    _service: handle::Service,
    reader: MemoryReader,
    executor: Executor,
    tracking: Tracking,
    clock: Arc<AtomicI64>,
    tracker: Fake,
    id: IncidentId,
}

impl Node {
    async fn start() -> Self {
        let store = MemoryStore::new();
        let reader = store.reader();
        let clock = Arc::new(AtomicI64::new(samples::START_S));
        let read = Arc::clone(&clock);
        let now: Clock =
            Arc::new(move || Timestamp::from_second(read.load(Ordering::Relaxed)).expect("in range"));
        let tracker_rule = ItemTracker { name: ENG.to_owned(), restricted: false };
        let public_url = "https://firebell.example.com".to_owned();
        let policy = Arc::new(Policy { tracker: tracker_rule, public_url, ..samples::policy() });
        let (service, handle) =
            handle::start(Box::new(store), Arc::clone(&policy), Arc::clone(&now)).expect("a thread");
        let (tracker, vendor) = (Fake::default(), Vendor::default());
        let trackers: BTreeMap<String, Arc<dyn Tracker>> =
            BTreeMap::from([(ENG.to_owned(), Arc::new(tracker.clone()) as Arc<dyn Tracker>)]);
        let executor = Executor {
            agents: Arc::new(FakeAgents { vendor: vendor.clone() }),
            notifiers: BTreeMap::new(),
            platforms: Vec::new(),
            rooms: RoomSystems::default(),
            trackers: trackers.clone(),
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
        let (events, documents) = (Arc::new(reader.clone()), Arc::new(reader.clone()));
        let every = Duration::from_secs(300);
        let tracking = Tracking::new(handle.clone(), events, documents, trackers, now, every);
        let opening = Opening {
            title: "logo is blue".to_owned(),
            services: vec!["checkout".to_owned()],
            severity: Some(Severity::Sev4),
            ..Opening::default()
        };
        let id = handle.open(opening, Actor::person("ada")).await.expect("opens").incident;
        Self { handle, _service: service, reader, executor, tracking, clock, tracker, id }
    }

    /// Carries out what is due now; `pick` says what of it.
    async fn work_where(&self, pick: impl Fn(&Effect) -> bool) {
        loop {
            let claimed = self.handle.claim(16, 16).await.expect("readable");
            let picked: Vec<_> = claimed.into_iter().filter(|c| pick(&c.row.effect)).collect();
            if picked.is_empty() {
                return;
            }
            for claimed in picked {
                let (key, fence) = (claimed.row.key.clone(), claimed.row.fence);
                let result = self.executor.run(claimed).await;
                self.handle.finish(&key, fence, result).await.expect("recorded");
            }
        }
    }

    async fn work(&self) {
        self.work_where(|_| true).await;
    }

    async fn pass(&self, seconds: i64, step: i64) {
        for _ in 0..seconds / step {
            self.clock.fetch_add(step, Ordering::Relaxed);
            self.work().await;
        }
    }

    /// Five minutes later the issues are looked at.
    async fn look(&mut self) {
        self.clock.fetch_add(301, Ordering::Relaxed);
        self.tracking.turn().await.expect("readable");
    }

    fn incident(&self) -> Incident {
        fold(&self.reader.events(&self.id).expect("readable")).expect("is there")
    }

    fn key(&self) -> Option<String> {
        let incident = self.incident();
        Some(incident.action_items[&1].tracking.as_ref()?.issue.as_ref()?.key.clone())
    }

    fn is_done(&self) -> bool {
        self.incident().action_items[&1].done_at.is_some()
    }

    fn told(&self, of: impl Fn(&IssueEvent) -> bool) -> usize {
        let events = self.reader.events(&self.id).expect("readable");
        events.iter().filter(|r| matches!(&r.event, Event::Issue(e) if of(e))).count()
    }

    async fn by(&self, command: Command) {
        self.handle.command(&self.id, command, Actor::person("ada")).await.expect("is allowed");
    }
}

#[tokio::test]
async fn an_action_item_is_filed_with_what_people_want_to_know_and_closed_when_it_is_done() {
    let mut node = Node::start().await;
    node.work().await;
    assert_eq!(node.key().as_deref(), Some("ENG-1"));
    let wish = node.tracker.shelf().issues[0].2.clone();
    assert_eq!(wish.mark.len(), 32);
    assert_eq!(wish.links[0].0, format!("https://firebell.example.com/incidents/{}", node.id));
    assert!(wish.facts.iter().any(|(name, _)| name == "Owner"), "{wish:?}");
    node.by(Command::CompleteActionItem { id: 1 }).await;
    node.work().await;
    assert_eq!(node.tracker.shelf().issues[0].1, IssueStatus::Done);
    // What we closed is no news, and it is not watched any more.
    node.look().await;
    let (closed, looks) = {
        let shelf = node.tracker.shelf();
        (shelf.closed, shelf.looks)
    };
    assert_eq!((closed, looks), (1, 0));
    assert_eq!(node.told(|e| matches!(e, IssueEvent::Closed { .. })), 1);
}

#[tokio::test]
async fn a_lost_answer_a_crash_and_a_revival_file_no_second_issue() {
    let node = Node::start().await;
    node.tracker.shelf().lose_answers = 3;
    node.pass(600, 10).await;
    assert_eq!((node.key().as_deref(), node.tracker.shelf().issues.len()), (Some("ENG-1"), 1));

    // The process ends between the request and the note of its answer: the lease lapses.
    let node = Node::start().await;
    node.work_where(|e| !matches!(e, Effect::Issue(_))).await;
    node.clock.fetch_add(61, Ordering::Relaxed);
    let claimed = node.handle.claim(16, 16).await.expect("readable");
    for claimed in claimed.into_iter().filter(|c| matches!(c.row.effect, Effect::Issue(_))) {
        let _ = node.executor.run(claimed).await;
    }
    assert_eq!((node.key(), node.tracker.shelf().issues.len()), (None, 1));
    node.pass(120, 60).await;
    assert_eq!((node.key().as_deref(), node.tracker.shelf().issues.len()), (Some("ENG-1"), 1));

    // Given up after a lost answer and revived by a person: attempts are counted anew, what was filed is not forgotten.
    let node = Node::start().await;
    node.tracker.shelf().lose_answers = 1;
    node.work().await;
    node.tracker.shelf().revoked = true;
    node.pass(60, 10).await;
    let key = node.incident().dead_effects.keys().next().expect("a dead letter").clone();
    node.tracker.shelf().revoked = false;
    node.by(Command::ReviveEffect { key }).await;
    node.work().await;
    assert_eq!((node.key().as_deref(), node.tracker.shelf().issues.len()), (Some("ENG-1"), 1));
}

#[tokio::test]
async fn a_tracker_that_is_down_for_an_hour_gets_it_when_it_is_back() {
    let mut node = Node::start().await;
    node.tracker.shelf().down = true;
    node.pass(3600, 60).await;
    node.look().await;
    node.by(Command::CompleteActionItem { id: 1 }).await;
    assert!(node.incident().dead_effects.is_empty() && node.key().is_none());
    node.tracker.shelf().down = false;
    node.pass(900, 60).await;
    assert_eq!(node.key().as_deref(), Some("ENG-1"));
    assert_eq!(node.tracker.shelf().issues[0].1, IssueStatus::Done, "done before it was filed");
}

#[tokio::test]
async fn what_is_closed_there_is_done_here_by_the_look_of_five_minutes_or_at_once_by_a_hint() {
    for hinted in [false, true] {
        let mut node = Node::start().await;
        node.work().await;
        node.look().await;
        assert!(!node.is_done());
        node.tracker.shelf().issues[0].1 = IssueStatus::Done;
        // Not yet, unless somebody says so. A hint at what is nobody's is nobody's business.
        node.handle.issues().issue(ENG, "i-99");
        if hinted {
            node.handle.issues().issue(ENG, "i-1");
        }
        node.tracking.turn().await.expect("readable");
        assert_eq!(node.is_done(), hinted);
        node.look().await;
        assert!(node.is_done());
        node.work().await;
        assert_eq!(node.tracker.shelf().closed, 0, "it is not sent back");
        let last = node.reader.events(&node.id).expect("readable").pop().expect("a record");
        assert_eq!((last.actor.display(), &last.event), (ENG, &Event::ActionItemDone { id: 1 }));
    }
}

#[tokio::test]
async fn a_revoked_key_and_a_deleted_issue_are_told_once() {
    let mut node = Node::start().await;
    node.work().await;
    node.tracker.shelf().revoked = true;
    for _ in 0..4 {
        node.look().await;
    }
    assert_eq!(node.told(|e| matches!(e, IssueEvent::Unseen { reason: Some(_), .. })), 1);
    node.tracker.shelf().revoked = false;
    for _ in 0..4 {
        node.look().await;
    }
    assert_eq!(node.told(|e| matches!(e, IssueEvent::Unseen { reason: None, .. })), 1);
    node.tracker.shelf().issues[0].1 = IssueStatus::Gone("it was deleted".to_owned());
    for _ in 0..4 {
        node.look().await;
    }
    assert_eq!(node.told(|e| matches!(e, IssueEvent::Lost { .. })), 1);
    assert!(!node.is_done(), "the work is still to be done");

    // Found out only when it was to be closed.
    let node = Node::start().await;
    node.work().await;
    node.tracker.shelf().issues[0].1 = IssueStatus::Gone("it was deleted".to_owned());
    node.by(Command::CompleteActionItem { id: 1 }).await;
    node.work().await;
    assert_eq!(node.told(|e| matches!(e, IssueEvent::Lost { .. })), 1);
    assert!(node.incident().dead_effects.is_empty());

    // Refused when it was to be filed: a dead letter before people.
    let node = Node::start().await;
    node.tracker.shelf().revoked = true;
    node.work().await;
    assert_eq!(node.incident().dead_effects.len(), 1);
}

#[tokio::test]
async fn what_is_restricted_while_it_waits_is_not_filed_and_somebody_hears_of_it() {
    let node = Node::start().await;
    node.tracker.shelf().down = true;
    node.work().await;
    node.by(Command::SetKind { kind: IncidentKind::Security, restricted: Some(true) }).await;
    node.tracker.shelf().down = false;
    node.pass(600, 60).await;
    assert!(node.tracker.shelf().issues.is_empty());
    let dead = node.incident().dead_effects;
    assert!(dead.values().any(|reason| reason.contains("restricted")), "{dead:?}");
}
