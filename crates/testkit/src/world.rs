//! The engine's machine on a store that fails on purpose, its executor on fakes, a virtual clock, and people.

mod checks;
mod disk;
mod expect;
mod steps;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use firebell_core::effect::Effect;
use firebell_core::ids::{EffectKey, IncidentId};
use firebell_core::incident::{EventRecord, Incident};
use firebell_core::policy::Policy;
use firebell_core::ports::notifier::Notifier;
use firebell_core::ports::store::{Reader, Store, StoreResult, Tx};
use firebell_engine::effects::Executor;
use firebell_engine::machine::{Claimed, EffectResult, Machine};
use firebell_report::Templates;
use firebell_store::{Fault, Faults, FaultyStore};
use jiff::Timestamp;

pub use disk::Disk;

use crate::dice::Dice;
use crate::samples;
use crate::vendor::{FakeAgents, FakeArchive, FakeNotifier, FakePlatform, Vendor};

/// An effect that was carried out, whose outcome is not recorded yet.
#[derive(Debug, Clone)]
struct Flight {
    key: EffectKey,
    fence: u64,
    result: EffectResult,
}

/// What came of a transaction.
enum Committed<T> {
    /// It is durable and its caller knows.
    Known(T),
    /// It is durable, and its caller was told that it failed.
    Unknown(T),
    /// Nothing has happened.
    Nothing,
}

impl<T> Committed<T> {
    fn durable(self) -> Option<T> {
        match self {
            Self::Known(value) | Self::Unknown(value) => Some(value),
            Self::Nothing => None,
        }
    }
}

/// One node, its store and all that is around it.
pub struct World {
    policy: Arc<Policy>,
    policy_sha256: String,
    machine: Machine,
    store: Option<FaultyStore<Disk>>,
    faults: Faults,
    reader: Arc<dyn Reader>,
    executor: Arc<Executor>,
    vendor: Vendor,
    clock: Arc<AtomicI64>,
    runtime: Arc<tokio::runtime::Runtime>,
    now: Timestamp,
    flights: Vec<Flight>,
    expected: expect::Expected,
    /// Events as they were seen, by incident: they may only grow.
    streams: BTreeMap<IncidentId, Vec<EventRecord>>,
    folds: BTreeMap<IncidentId, Incident>,
    /// Effects that the events ask for, by incident.
    asked: BTreeMap<IncidentId, BTreeMap<EffectKey, Effect>>,
    /// How often each report is in the record, by the token in its words.
    told: BTreeMap<String, u32>,
    position: u64,
    /// Percent of transactions that fail.
    trouble: usize,
    tokens: u64,
    /// Something was accepted or taken in since the alerts were last compared.
    intake_moved: bool,
    /// What happened, for people.
    pub trace: Vec<String>,
}

impl World {
    /// A node on this disk.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn new(mut disk: Disk, runtime: Arc<tokio::runtime::Runtime>) -> Result<Self, String> {
        let policy = Arc::new(samples::policy());
        let reader = disk.open()?;
        let (store, faults) = FaultyStore::new(disk);
        let now = samples::start();
        let clock = Arc::new(AtomicI64::new(now.as_second()));
        let vendor = Vendor::default();
        let executor = executor(&policy, &vendor, &reader, &clock)?;
        Ok(Self {
            machine: Machine::new(Arc::clone(&policy)),
            policy_sha256: policy.sha256(),
            policy,
            store: Some(store),
            faults,
            reader,
            executor,
            vendor,
            clock,
            runtime,
            now,
            flights: Vec::new(),
            expected: expect::Expected::default(),
            streams: BTreeMap::new(),
            folds: BTreeMap::new(),
            asked: BTreeMap::new(),
            told: BTreeMap::new(),
            position: 0,
            trouble: 6,
            tokens: 0,
            intake_moved: true,
            trace: Vec::new(),
        })
    }

    fn say(&mut self, text: impl Into<String>) {
        self.trace.push(format!("{} {}", self.now, text.into()));
    }

    fn set_now(&mut self, now: Timestamp) {
        self.now = now;
        self.clock.store(now.as_second(), Ordering::Relaxed);
    }

    /// One transaction, which may fail before or after its commit; then the node has crashed and starts again.
    fn transact<T>(
        &mut self,
        dice: &mut Dice,
        what: &str,
        mut work: impl FnMut(&mut Machine, &mut dyn Tx) -> StoreResult<T>,
    ) -> Result<Committed<T>, String> {
        let fault = dice
            .chance(self.trouble)
            .then(|| if dice.chance(50) { Fault::BeforeCommit } else { Fault::AfterCommit });
        if let Some(fault) = fault {
            self.faults.next(fault);
        }
        let mut done = None;
        let machine = &mut self.machine;
        let store = self.store.as_mut().ok_or("there is no store")?;
        let result = store.transact(&mut |tx| {
            done = Some(work(machine, tx)?);
            Ok(())
        });
        match (result, fault) {
            (Ok(()), _) => {
                self.say(what);
                done.map(Committed::Known).ok_or_else(|| format!("{what} did nothing"))
            }
            (Err(_), Some(fault)) => {
                self.say(format!("{what}; fails {fault:?}"));
                self.machine.forget();
                if dice.chance(60) {
                    self.restart(dice)?;
                }
                match fault {
                    Fault::BeforeCommit => Ok(Committed::Nothing),
                    Fault::AfterCommit => {
                        done.map(Committed::Unknown).ok_or_else(|| format!("{what} did nothing"))
                    }
                }
            }
            (Err(error), None) => Err(format!("{what} failed without a planned fault: {error}")),
        }
    }

    /// The process dies and starts again: what was in memory is gone, what was carried out outside is not.
    fn restart(&mut self, dice: &mut Dice) -> Result<(), String> {
        self.say("crashes");
        self.machine = Machine::new(Arc::clone(&self.policy));
        if dice.chance(80) {
            self.flights.clear();
        }
        let store = self.store.take().ok_or("there is no store")?;
        let mut disk = store.into_inner();
        self.reader = disk.reopen()?;
        let (store, faults) = FaultyStore::new(disk);
        (self.store, self.faults) = (Some(store), faults);
        self.executor = executor(&self.policy, &self.vendor, &self.reader, &self.clock)?;
        Ok(())
    }

    fn carry_out(&mut self, claimed: Claimed) -> Flight {
        let (key, fence) = (claimed.row.key.clone(), claimed.row.fence);
        let executor = Arc::clone(&self.executor);
        let result = self.runtime.block_on(executor.run(claimed));
        Flight { key, fence, result }
    }
}

fn executor(
    policy: &Arc<Policy>,
    vendor: &Vendor,
    reader: &Arc<dyn Reader>,
    clock: &Arc<AtomicI64>,
) -> Result<Arc<Executor>, String> {
    let names = policy.channels.values().flatten().chain(&policy.page_channels);
    let notifiers = names
        .map(|name| {
            let fake: Arc<dyn Notifier> =
                Arc::new(FakeNotifier { name: name.clone(), vendor: vendor.clone() });
            (name.clone(), fake)
        })
        .collect();
    let clock = Arc::clone(clock);
    Ok(Arc::new(Executor {
        agents: Arc::new(FakeAgents { vendor: vendor.clone() }),
        notifiers,
        platforms: vec![Arc::new(FakePlatform { vendor: vendor.clone() })],
        rooms: Default::default(),
        trackers: BTreeMap::new(),
        archive: Arc::new(FakeArchive { vendor: vendor.clone() }),
        reader: Arc::clone(reader),
        templates: templates()?,
        policy: Arc::clone(policy),
        clock: Arc::new(move || Timestamp::from_second(clock.load(Ordering::Relaxed)).unwrap_or_default()),
        by_contact: BTreeMap::new(),
        devices: Arc::new(firebell_engine::effects::NoDevices),
        throttle: firebell_engine::effects::Throttle::default(),
        ack_keys: firebell_engine::ack::AckKeys::new("acknowledgements"),
    }))
}

/// Parsed once: thousands of worlds share them.
fn templates() -> Result<Arc<Templates>, String> {
    static ALL: std::sync::OnceLock<Result<Arc<Templates>, String>> = std::sync::OnceLock::new();
    ALL.get_or_init(|| Templates::built_in().map(Arc::new).map_err(|e| e.to_string())).clone()
}
