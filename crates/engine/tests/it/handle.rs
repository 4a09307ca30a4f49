//! The writer thread and its handle: group commit, failure answers, restart, leases.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use firebell_core::effect::{Effect, Outcome};
use firebell_core::incident::{Actor, Command, Event, EventRecord, Opening};
use firebell_core::ports::store::{IncidentFilter, Reader, Store, StoreResult, Tx};
use firebell_core::signal::{Intake, SignalState};
use firebell_engine::handle::{self, Clock, Error, Handle};
use firebell_engine::machine::{Claimed, EffectResult};
use firebell_store::{Durability, Fault, FaultyStore, MemoryReader, MemoryStore, SqliteStore};
use firebell_testkit::samples;
use jiff::{SignedDuration, Timestamp};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A clock that the test moves.
fn clock() -> (Clock, Arc<AtomicI64>) {
    let seconds = Arc::new(AtomicI64::new(samples::START_S));
    let read = Arc::clone(&seconds);
    (Arc::new(move || Timestamp::from_second(read.load(Ordering::Relaxed)).expect("in range")), seconds)
}

fn start(store: impl Store + 'static) -> (handle::Service, Handle, Arc<AtomicI64>) {
    let (clock, seconds) = clock();
    let (service, handle) =
        handle::start(Box::new(store), Arc::new(samples::policy()), clock).expect("a thread");
    (service, handle, seconds)
}

fn alert(service: &str, name: &str) -> Intake {
    let labels = samples::labels(&[("alertname", name), ("service", service), ("severity", "critical")]);
    Intake::Signal(samples::signal(labels, "errors", SignalState::Firing, samples::start()))
}

fn opening(title: &str) -> Opening {
    Opening { title: title.to_owned(), services: vec!["reports".to_owned()], ..Opening::default() }
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "never came: {what}");
        tokio::task::yield_now().await;
    }
}

fn incidents(reader: &MemoryReader) -> usize {
    let filter = IncidentFilter { include_restricted: true, ..IncidentFilter::default() };
    reader.incidents(&filter).expect("readable").len()
}

/// Counts transactions and, while the gate is shut, holds the first of them.
struct Gated {
    inner: MemoryStore,
    gate: Arc<(Mutex<bool>, Condvar)>,
    transactions: Arc<AtomicI64>,
}

impl Store for Gated {
    fn transact(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> StoreResult<()>) -> StoreResult<()> {
        let (open, bell) = &*self.gate;
        let mut open = open.lock().expect("not poisoned");
        while !*open {
            open = bell.wait(open).expect("not poisoned");
        }
        drop(open);
        self.transactions.fetch_add(1, Ordering::SeqCst);
        self.inner.transact(work)
    }
}

/// Fails inside the work, at the first write of an inbox row, as a full disk does.
struct FullDisk {
    inner: MemoryStore,
    full: Arc<AtomicI64>,
}

impl Store for FullDisk {
    fn transact(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> StoreResult<()>) -> StoreResult<()> {
        let full = self.full.load(Ordering::SeqCst) != 0;
        self.inner.transact(&mut |tx| {
            if full {
                return work(&mut failing::Failing { inner: tx });
            }
            work(tx)
        })
    }
}

mod failing {
    //! A transaction in which nothing can be appended to the inbox.

    use std::collections::BTreeMap;

    use firebell_core::alert::Alert;
    use firebell_core::change::Change;
    use firebell_core::ids::{EffectKey, Fingerprint, IncidentId};
    use firebell_core::incident::{EventRecord, Summary};
    use firebell_core::ports::office::OfficeTx;
    use firebell_core::ports::store::{InboxRow, OutboxRow, StoreError, StoreResult, TimerRow, Tx};
    use firebell_core::signal::Intake;
    use firebell_core::silence::Silence;
    use firebell_core::telemetry::Window;
    use jiff::Timestamp;

    pub(super) struct Failing<'t> {
        pub(super) inner: &'t mut dyn Tx,
    }

    macro_rules! pass {
        ($(fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)*) => {
            $(fn $name(&mut self, $($arg: $kind),*) -> StoreResult<$out> { self.inner.$name($($arg),*) })*
        };
    }

    impl Tx for Failing<'_> {
        fn inbox_push(&mut self, _: &str, _: Timestamp, _: &[Intake]) -> StoreResult<u64> {
            Err(StoreError::Database { doing: "insert", detail: "disk full".to_owned() })
        }

        fn office(&mut self) -> &mut dyn OfficeTx {
            self.inner.office()
        }

        pass! {
            fn inbox_after(seq: u64, limit: usize) -> Vec<InboxRow>;
            fn inbox_trim(seq: u64) -> ();
            fn inbox_cursor() -> u64;
            fn inbox_waiting() -> u64;
            fn set_inbox_cursor(seq: u64) -> ();
            fn events(incident: &IncidentId) -> Vec<EventRecord>;
            fn append(records: &[EventRecord]) -> ();
            fn put_summary(summary: &Summary) -> ();
            fn open_incidents() -> Vec<IncidentId>;
            fn counter_next(name: &str) -> u64;
            fn outbox_put(row: &OutboxRow) -> ();
            fn outbox_due(now: Timestamp, limit: usize) -> Vec<OutboxRow>;
            fn outbox_due_calls(now: Timestamp, limit: usize) -> Vec<OutboxRow>;
            fn outbox_get(key: &EffectKey) -> Option<OutboxRow>;
            fn outbox_update(row: &OutboxRow) -> ();
            fn outbox_next() -> Option<Timestamp>;
            fn timers_replace(incident: &IncidentId, timers: &BTreeMap<String, Timestamp>) -> ();
            fn timers_due(now: Timestamp, limit: usize) -> Vec<TimerRow>;
            fn timers_next() -> Option<Timestamp>;
            fn alert(fingerprint: &Fingerprint) -> Option<Alert>;
            fn put_alert(alert: &Alert) -> ();
            fn firing_alerts(limit: usize) -> Vec<Alert>;
            fn lapsed_alerts(now: Timestamp, limit: usize) -> Vec<Alert>;
            fn seen_before(key: &str, now: Timestamp) -> bool;
            fn silences() -> Vec<Silence>;
            fn put_silence(silence: &Silence) -> ();
            fn put_change(change: &Change) -> bool;
            fn changes(window: Window, limit: usize) -> Vec<Change>;
            fn blob_put(sha256: &str, bytes: &[u8]) -> ();
            fn blob_get(sha256: &str) -> Option<Vec<u8>>;
        }
    }
}

#[tokio::test]
async fn requests_that_wait_share_one_commit() {
    let (inner, gate) = (MemoryStore::new(), Arc::new((Mutex::new(false), Condvar::new())));
    let transactions = Arc::new(AtomicI64::new(0));
    let store = Gated { inner, gate: Arc::clone(&gate), transactions: Arc::clone(&transactions) };
    let (_service, handle, _) = start(store);
    let callers: Vec<_> = (0..200)
        .map(|n| {
            let handle = handle.clone();
            tokio::spawn(async move { handle.accept("am", vec![alert("reports", &format!("A{n}"))]).await })
        })
        .collect();
    // Each task runs up to its wait for the answer before this one goes on.
    for _ in 0..400 {
        tokio::task::yield_now().await;
    }
    *gate.0.lock().expect("not poisoned") = true;
    gate.1.notify_all();
    for caller in callers {
        caller.await.expect("ends").expect("is stored");
    }
    let commits = transactions.load(Ordering::SeqCst);
    assert!(commits < 20, "200 requests took {commits} transactions");
}

#[tokio::test]
async fn says_busy_when_too_much_waits_and_goes_on_afterwards() {
    let (inner, gate) = (MemoryStore::new(), Arc::new((Mutex::new(false), Condvar::new())));
    let reader = inner.reader();
    let store = Gated { inner, gate: Arc::clone(&gate), transactions: Arc::default() };
    let (_service, handle, _) = start(store);
    let mut callers = Vec::new();
    for _ in 0..10_000 {
        let handle = handle.clone();
        callers.push(tokio::spawn(async move { handle.accept("am", vec![alert("reports", "A")]).await }));
    }
    for _ in 0..20_000 {
        tokio::task::yield_now().await;
    }
    *gate.0.lock().expect("not poisoned") = true;
    gate.1.notify_all();
    let (mut stored, mut busy) = (0, 0);
    for caller in callers {
        match caller.await.expect("ends") {
            Ok(_) => stored += 1,
            Err(Error::Busy) => busy += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(stored >= 8192 && busy > 0 && stored + busy == 10_000, "{stored} stored, {busy} busy");
    handle.accept("am", vec![alert("reports", "B")]).await.expect("it goes on");
    until("all is taken in", || reader.inbox_depth().expect("readable") == 0).await;
    let alerts = reader.alerts(&Default::default()).expect("readable");
    let counts: u64 = alerts.iter().map(|a| a.count).sum();
    assert_eq!(counts, stored + 1, "what was answered with success is there, and nothing else");
}

#[tokio::test]
async fn a_failed_commit_answers_with_an_error_and_nothing_is_half_done() {
    for fault in [Fault::BeforeCommit, Fault::AfterCommit] {
        let memory = MemoryStore::new();
        let reader = memory.reader();
        let (store, faults) = FaultyStore::new(memory);
        let (_service, handle, _) = start(store);
        handle.open(opening("first"), Actor::person("ada")).await.expect("opens");
        let position = reader.position().expect("readable");
        // The writer ticks by itself: strike until a request is hit.
        let mut answer = Ok(());
        for n in 0..200 {
            faults.next(fault);
            answer = handle.open(opening(&format!("second {n}")), Actor::person("ada")).await.map(drop);
            if answer.is_err() {
                break;
            }
        }
        faults.clear();
        assert!(matches!(answer, Err(Error::Store(_))), "{answer:?}");
        let id = handle.open(opening("third"), Actor::person("ada")).await.expect("goes on").incident;
        assert!(reader.position().expect("readable") > position);
        let events = reader.events(&id).expect("readable");
        assert_eq!(events.first().map(|e| e.version), Some(1));
    }
}

#[tokio::test]
async fn a_full_disk_answers_every_caller_and_accepts_again_when_there_is_room() {
    let memory = MemoryStore::new();
    let (reader, full) = (memory.reader(), Arc::new(AtomicI64::new(1)));
    let (_service, handle, _) = start(FullDisk { inner: memory, full: Arc::clone(&full) });
    let callers: Vec<_> = (0..50)
        .map(|n| {
            let handle = handle.clone();
            tokio::spawn(async move { handle.accept("am", vec![alert("reports", &format!("A{n}"))]).await })
        })
        .collect();
    for caller in callers {
        // Also those behind the one that struck: told of the store, not that the engine is gone.
        let answer = caller.await.expect("ends");
        assert!(matches!(&answer, Err(Error::Store(why)) if why.contains("disk full")), "{answer:?}");
    }
    full.store(0, Ordering::SeqCst);
    handle.accept("am", vec![alert("reports", "B")]).await.expect("there is room");
    until("the alert has its incident", || incidents(&reader) == 1).await;
}

#[tokio::test]
async fn what_was_accepted_before_a_crash_is_taken_in_after_it() {
    let mut memory = MemoryStore::new();
    let items = vec![alert("reports", "A"), alert("warehouse", "B")];
    memory.transact(&mut |tx| tx.inbox_push("am", samples::start(), &items).map(drop)).expect("is stored");
    let reader = memory.reader();
    let (service, handle, _) = start(memory);
    until("both incidents", || incidents(&reader) == 2).await;
    assert_eq!(reader.inbox_depth().expect("readable"), 0);
    drop(service);
    let after = handle.accept("am", items).await;
    assert!(matches!(after, Err(Error::Stopped)), "{after:?}");
}

#[tokio::test]
async fn a_lease_lapses_and_the_same_effect_comes_again_under_the_same_key() {
    let memory = MemoryStore::new();
    let (_service, handle, seconds) = start(memory);
    handle.open(opening("revenue has stopped"), Actor::person("ada")).await.expect("opens");
    let first = handle.claim(0, 100).await.expect("claims");
    assert!(!first.is_empty());
    assert!(handle.claim(0, 100).await.expect("claims").is_empty(), "all are leased");
    seconds.fetch_add(14, Ordering::Relaxed);
    assert!(handle.claim(0, 100).await.expect("claims").is_empty(), "leases hold");
    seconds.fetch_add(200, Ordering::Relaxed);
    let second = handle.claim(0, 100).await.expect("claims");
    for one in &first {
        let again = second.iter().find(|c| c.row.key == one.row.key).expect("comes again");
        assert!(again.row.fence > one.row.fence && again.row.effect == one.row.effect);
        let result = EffectResult {
            outcome: Outcome::Done { detail: "late".to_owned(), data: serde_json::Value::Null },
            commands: vec![Command::AddNote { text: "from the first lease".to_owned() }],
            held: false,
        };
        let counted = handle.finish(&one.row.key, one.row.fence, result.clone()).await.expect("answers");
        assert!(!counted, "the older lease has lost its say");
        assert!(handle.finish(&again.row.key, again.row.fence, result.clone()).await.expect("answers"));
        assert!(
            !handle.finish(&again.row.key, again.row.fence, result).await.expect("answers"),
            "twice is once"
        );
    }
}

#[tokio::test]
async fn a_process_that_starts_takes_up_at_once_what_the_one_before_it_had_under_way() {
    let dir = tempfile::tempdir().expect("a folder");
    let open = || SqliteStore::open(dir.path(), Durability::default()).expect("opens").0;
    let (service, handle, _) = start(open());
    handle.open(opening("revenue has stopped"), Actor::person("ada")).await.expect("opens");
    let first = handle.claim(0, 100).await.expect("claims");
    assert!(first.iter().any(|c| matches!(c.row.effect, Effect::RunAgent { .. })), "agents among them");
    // As after `kill -9`: nothing is finished, and no time passes.
    drop(service);
    let (_service, handle, _) = start(open());
    let second = handle.claim(0, 100).await.expect("claims");
    for one in &first {
        let again = second.iter().find(|c| c.row.key == one.row.key).expect("runs again");
        assert!(again.row.fence > one.row.fence);
        let late = EffectResult {
            outcome: Outcome::Done { detail: "late".to_owned(), data: serde_json::Value::Null },
            commands: Vec::new(),
            held: false,
        };
        assert!(!handle.finish(&one.row.key, one.row.fence, late.clone()).await.expect("answers"));
        assert!(handle.finish(&again.row.key, again.row.fence, late).await.expect("answers"));
    }
    assert!(
        handle
            .claim(0, 100)
            .await
            .expect("claims")
            .iter()
            .all(|c| first.iter().all(|f| f.row.key != c.row.key))
    );
}

#[tokio::test]
async fn a_lease_is_kept_while_its_effect_is_at_work() {
    let (_service, handle, seconds) = start(MemoryStore::new());
    handle.open(opening("revenue has stopped"), Actor::person("ada")).await.expect("opens");
    let first = handle.claim(0, 100).await.expect("claims");
    for _ in 0..20 {
        seconds.fetch_add(30, Ordering::Relaxed);
        for one in &first {
            assert!(handle.renew(&one.row.key, one.row.fence).await.expect("answers"));
        }
    }
    let again = handle.claim(0, 100).await.expect("claims");
    assert!(first.iter().all(|one| again.iter().all(|a| a.row.key != one.row.key)), "{again:?}");
    let done = Outcome::Done { detail: "after ten minutes".to_owned(), data: serde_json::Value::Null };
    let result = EffectResult { outcome: done, commands: Vec::new(), held: false };
    for one in &first {
        assert!(handle.finish(&one.row.key, one.row.fence, result.clone()).await.expect("answers"));
        assert!(!handle.renew(&one.row.key, one.row.fence).await.expect("answers"), "it is over");
    }
}

#[tokio::test]
async fn an_effect_that_never_answers_is_given_up() {
    let memory = MemoryStore::new();
    let reader = memory.reader();
    let (_service, handle, seconds) = start(memory);
    let id = handle.open(opening("revenue has stopped"), Actor::person("ada")).await.expect("opens").incident;
    let page = |c: &&Claimed| matches!(c.row.effect, Effect::Page { .. });
    let limit = samples::policy().retry.max_attempts;
    let first = handle.claim(0, 100).await.expect("claims");
    let key = first.iter().find(page).expect("a page").row.key.clone();
    let mut claims = 1;
    for _ in 0..limit + 5 {
        seconds.fetch_add(100, Ordering::Relaxed);
        let claimed = handle.claim(0, 100).await.expect("claims");
        claims += u32::from(claimed.iter().any(|c| c.row.key == key));
    }
    assert_eq!(claims, limit, "it is repeated without end");
    let events = reader.events(&id).expect("readable");
    let died = |r: &EventRecord| {
        matches!(&r.event, Event::EffectDied { key: dead, reason, .. }
            if *dead == key && reason.contains("none was answered"))
    };
    assert!(events.iter().any(died), "nobody is told");
}

#[tokio::test]
async fn a_claim_that_finds_nothing_wakes_nobody() {
    let store = MemoryStore::new();
    let reader = store.reader();
    let (_service, handle, _) = start(store);
    handle.accept("am", vec![alert("reports", "A")]).await.expect("is stored");
    until("the incident", || incidents(&reader) == 1).await;
    while !handle.claim(0, 100).await.expect("claims").is_empty() {}
    let before = *handle.changes().borrow();
    for _ in 0..50 {
        handle.claim(0, 100).await.expect("claims");
    }
    assert_eq!(
        *handle.changes().borrow(),
        before,
        "a claim is no news: it would wake its own caller for ever"
    );
}

#[tokio::test]
async fn a_rejection_is_not_a_store_failure() {
    let (_service, handle, _) = start(MemoryStore::new());
    let rejected = handle.open(opening(""), Actor::person("ada")).await;
    assert!(matches!(rejected, Err(Error::Rejected(_))), "{rejected:?}");
    let id = handle.open(opening("fine"), Actor::person("ada")).await.expect("opens").incident;
    assert_eq!(id.as_str(), "INC-2027-0001", "a rejected opening takes no number");
}

#[tokio::test]
async fn no_alert_lapses_while_its_sender_had_nobody_to_repeat_it_to() {
    let dir = tempfile::tempdir().expect("a folder");
    let (clock, seconds) = clock();
    let open = || {
        let (store, reader) = SqliteStore::open(dir.path(), Durability::default()).expect("opens");
        let policy = Arc::new(samples::policy());
        let (service, handle) = handle::start(Box::new(store), policy, Arc::clone(&clock)).expect("a thread");
        (service, handle, reader)
    };
    let firing = |reader: &dyn Reader| {
        reader.alerts(&Default::default()).expect("readable").iter().filter(|a| a.firing).count()
    };
    let (service, handle, reader) = open();
    let Intake::Signal(mut signal) = alert("reports", "A") else { panic!("a signal") };
    signal.ends_at = Some(samples::start() + SignedDuration::from_mins(5));
    handle.accept("am", vec![Intake::Signal(signal)]).await.expect("is stored");
    until("it fires", || firing(&reader) == 1).await;
    drop(service);
    seconds.fetch_add(3600, Ordering::Relaxed);
    let (_service, handle, reader) = open();
    handle.open(opening("the writer has had its turn"), Actor::person("ada")).await.expect("opens");
    handle.open(opening("and another one"), Actor::person("ada")).await.expect("opens");
    assert_eq!(firing(&reader), 1, "its sender may not have been able to repeat it");
    seconds.fetch_add(121, Ordering::Relaxed);
    until("it lapses", || firing(&reader) == 0).await;
}
