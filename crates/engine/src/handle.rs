//! The writer thread and its handle. All that arrives while one transaction is committed shares the next: group
//! commit, so that durability costs one fsync for many requests.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use firebell_core::ids::{EffectKey, IncidentId};
use firebell_core::incident::{Actor, Command, Opening, Rejection};
use firebell_core::policy::Policy;
use firebell_core::ports::office::Deed;
use firebell_core::ports::store::{Store, StoreError, StoreResult, Tx};
use firebell_core::signal::Intake;
use firebell_core::silence::Silence;
use firebell_oncall::Roster;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{oneshot, watch};

use crate::listen::Stir;
use crate::machine::{Claimed, Decided, Decision, EffectResult, Machine};
use crate::pulse::Pulse;
use crate::track::Hints;

/// Requests that may wait for the writer; beyond it, callers are told that it is busy.
const QUEUE: usize = 8192;
/// Requests that share one transaction.
const GROUP: usize = 512;
/// Signals taken from the inbox within one transaction, so that no request waits long behind a storm.
const DRAIN: usize = 400;
/// … and where they have just opened incidents: each costs as much as many that repeat, and whoever is to be called for
/// one does not wait for the others.
const DRAIN_OPENING: usize = 48;
/// Effects that call nobody are claimed so few at a time while more calls wait than lines are free.
const BESIDE_CALLS: usize = 2;
/// Timers fired within one transaction.
const TIMERS: usize = 64;
/// The inbox rests at least so long between two drains. Signals that came meanwhile are taken in together: one event for
/// many alerts of an incident, and senders that wait for a flush wait for nothing else.
const REST: Duration = Duration::from_millis(10);
/// … and between two drains that open incidents.
const REST_OPENING: Duration = Duration::from_millis(2);
/// While senders keep coming, the inbox rests so many times as long as the last drain took: accepting goes before taking
/// in, which still gets a quarter of the time, oldest first.
const REST_PER_DRAIN: u32 = 3;
/// Senders keep coming where the next request is there after so long at the latest.
const QUIET: Duration = Duration::from_millis(5);
/// Alerts whose senders fall silent lapse; but who repeats its alerts could not while nothing answered here. Prometheus
/// repeats each minute, and after a failure a little later.
const LAPSE_GRACE: SignedDuration = SignedDuration::from_mins(2);
/// Longest sleep of the writer.
const TICK: Duration = Duration::from_millis(200);

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed; nothing was written.
    #[error("the record could not be written: {0}")]
    Store(String),
    /// Too much waits already.
    #[error("the engine is busy: {QUEUE} requests wait; try again in a moment")]
    Busy,
    /// More was accepted than has been taken in for a long time.
    #[error("too much that was accepted waits to be taken in; try again in a moment")]
    Full,
    /// The engine has stopped.
    #[error("the engine has stopped; look at its log for the reason")]
    Stopped,
    /// The incident is not at a version that the caller had in mind.
    #[error("the incident has moved on: it is at version {version} now")]
    Moved {
        /// Where it is.
        version: u64,
    },
    /// The incident turned the command down.
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

/// What is to be done once.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// Open an incident.
    Open(Opening),
    /// A command to one.
    Command(IncidentId, Box<Command>),
}

type Reply<T> = oneshot::Sender<Result<T, Error>>;

enum Request {
    Accept {
        source: String,
        items: Vec<Intake>,
        reply: Reply<u64>,
    },
    Open {
        opening: Box<Opening>,
        actor: Actor,
        reply: Reply<Decided>,
    },
    Command {
        id: IncidentId,
        command: Box<Command>,
        actor: Actor,
        at: Option<Vec<u64>>,
        reply: Reply<Decided>,
    },
    Once {
        mark: String,
        what: Box<Wanted>,
        actor: Actor,
        reply: Reply<Option<Decided>>,
    },
    Claim {
        calls: usize,
        limit: usize,
        reply: Reply<Vec<Claimed>>,
    },
    Renew {
        key: EffectKey,
        fence: u64,
        reply: Reply<bool>,
    },
    Finish {
        key: EffectKey,
        fence: u64,
        result: Box<EffectResult>,
        reply: Reply<bool>,
    },
    SetRoster {
        roster: Arc<Roster>,
        reply: Reply<()>,
    },
    PutSilence {
        silence: Silence,
        reply: Reply<()>,
    },
    Perform {
        deed: Box<Deed>,
        reply: Reply<()>,
    },
    Stop,
}

/// A reply that is sent once its transaction is durable.
type Deferred = Box<dyn FnOnce(Option<&StoreError>)>;

/// Talks to the writer thread; cheap to clone.
#[derive(Clone)]
pub struct Handle {
    requests: SyncSender<Request>,
    generation: watch::Receiver<u64>,
    policy: Arc<Policy>,
    has_roster: Arc<AtomicBool>,
    pulse: Arc<Pulse>,
    stir: Arc<Stir>,
    issues: Arc<Hints>,
}

/// The writer thread. Dropping it stops the thread after what it has begun.
pub struct Service {
    requests: SyncSender<Request>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.requests.send(Request::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The node's one clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Starts the writer thread.
///
/// # Errors
/// If the thread cannot be made.
pub fn start(store: Box<dyn Store>, policy: Arc<Policy>, clock: Clock) -> std::io::Result<(Service, Handle)> {
    let (requests, inbox) = sync_channel(QUEUE);
    let (generation, watched) = watch::channel(0u64);
    let machine = Machine::new(Arc::clone(&policy));
    let pulse = Arc::new(Pulse::default());
    let counted = Arc::clone(&pulse);
    let thread = std::thread::Builder::new().name("firebell-writer".to_owned()).spawn(move || {
        let (backlog, failed) = (Backlog::Now, false);
        let (opening, released, lapse_at) = (false, false, None);
        let begun = clock();
        let pulse = counted;
        Writer {
            store,
            machine,
            clock,
            pulse,
            inbox,
            generation,
            backlog,
            failed,
            opening,
            released,
            lapse_at,
            begun,
        }
        .run()
    })?;
    let has_roster = Arc::default();
    let (stir, issues) = (Arc::default(), Arc::default());
    let requests_of = requests.clone();
    let handle =
        Handle { requests: requests_of, generation: watched, policy, has_roster, pulse, stir, issues };
    Ok((Service { requests, thread: Some(thread) }, handle))
}

impl Handle {
    /// Rooms in which something was said just now, for whoever reads them.
    pub fn stir(&self) -> &Stir {
        &self.stir
    }

    /// Issues of action items to which something happened just now, for whoever looks at them.
    pub fn issues(&self) -> &Hints {
        &self.issues
    }

    /// Policy in force.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// Whether calls to people are events of their own: there is a channel to page over, or a roster.
    pub fn pages_by_themselves(&self) -> bool {
        !self.policy.page_channels.is_empty() || self.has_roster.load(Ordering::Relaxed)
    }

    /// How fast it is.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Changes with every commit that wrote something: a wake-up, not a truth.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.generation.clone()
    }

    async fn ask<T>(&self, make: impl FnOnce(Reply<T>) -> Request) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.requests.try_send(make(reply)).map_err(|e| match e {
            TrySendError::Full(_) => Error::Busy,
            TrySendError::Disconnected(_) => Error::Stopped,
        })?;
        answer.await.map_err(|_| Error::Stopped)?
    }

    /// Stores accepted items; answers when they are durable, with their place in the inbox.
    ///
    /// # Errors
    /// If nothing was stored: the sender must be told to try again.
    pub async fn accept(&self, source: &str, items: Vec<Intake>) -> Result<u64, Error> {
        let (source, begun) = (source.to_owned(), Instant::now());
        let accepted = self.ask(|reply| Request::Accept { source, items, reply }).await;
        if accepted.is_ok() {
            self.pulse.accept().observe(begun.elapsed());
        }
        accepted
    }

    /// Opens an incident.
    ///
    /// # Errors
    /// [`Error::Rejected`] names the field.
    pub async fn open(&self, opening: Opening, actor: Actor) -> Result<Decided, Error> {
        self.ask(|reply| Request::Open { opening: Box::new(opening), actor, reply }).await
    }

    /// Decides a command.
    ///
    /// # Errors
    /// [`Error::Rejected`] says why not.
    pub async fn command(&self, id: &IncidentId, command: Command, actor: Actor) -> Result<Decided, Error> {
        self.command_at(id, command, actor, None).await
    }

    /// Decides a command if the incident is at one of these versions when its turn comes.
    ///
    /// # Errors
    /// [`Error::Moved`] where it is not; [`Error::Rejected`] says why not.
    pub async fn command_at(
        &self,
        id: &IncidentId,
        command: Command,
        actor: Actor,
        at: Option<Vec<u64>>,
    ) -> Result<Decided, Error> {
        let id = id.clone();
        self.ask(|reply| Request::Command { id, command: Box::new(command), actor, at, reply }).await
    }

    /// Does something once for each mark, across restarts: the mark is kept in the same transaction, for a month. `None`
    /// where it was done, or turned down, before.
    ///
    /// # Errors
    /// [`Error::Rejected`] says why not.
    pub async fn once(&self, mark: &str, what: Wanted, actor: Actor) -> Result<Option<Decided>, Error> {
        let (mark, what) = (mark.to_owned(), Box::new(what));
        self.ask(|reply| Request::Once { mark, what, actor, reply }).await
    }

    /// Leases due effects, at most `limit`; and before them at most `calls` that call people.
    ///
    /// # Errors
    /// The store's.
    pub async fn claim(&self, calls: usize, limit: usize) -> Result<Vec<Claimed>, Error> {
        self.ask(|reply| Request::Claim { calls, limit, reply }).await
    }

    /// Who is on call from now on. What runs is looked at again by it.
    ///
    /// # Errors
    /// The store's.
    pub async fn set_roster(&self, roster: Arc<Roster>) -> Result<(), Error> {
        self.has_roster.store(!roster.people.is_empty(), Ordering::Relaxed);
        self.ask(|reply| Request::SetRoster { roster, reply }).await
    }

    /// Renews the lease of an effect that is still at work; false where somebody else has it by now.
    ///
    /// # Errors
    /// The store's.
    pub async fn renew(&self, key: &EffectKey, fence: u64) -> Result<bool, Error> {
        let key = key.clone();
        self.ask(|reply| Request::Renew { key, fence, reply }).await
    }

    /// Records what came of an effect.
    ///
    /// # Errors
    /// The store's.
    pub async fn finish(&self, key: &EffectKey, fence: u64, result: EffectResult) -> Result<bool, Error> {
        let key = key.clone();
        self.ask(|reply| Request::Finish { key, fence, result: Box::new(result), reply }).await
    }

    /// Writes a silence.
    ///
    /// # Errors
    /// The store's.
    pub async fn put_silence(&self, silence: Silence) -> Result<(), Error> {
        self.ask(|reply| Request::PutSilence { silence, reply }).await
    }

    /// Does a deed of the office: all of it, or nothing.
    ///
    /// # Errors
    /// [`Error::Rejected`] where something it takes for granted does not hold.
    pub async fn perform(&self, deed: Deed) -> Result<(), Error> {
        self.ask(|reply| Request::Perform { deed: Box::new(deed), reply }).await
    }
}

/// What is left to do when a turn ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backlog {
    /// Nothing: sleep until something comes.
    None,
    /// Signals that may wait, and do until the latest time while requests keep coming.
    Resting { earliest: Instant, latest: Instant },
    /// More than one transaction holds.
    Now,
}

struct Writer {
    store: Box<dyn Store>,
    machine: Machine,
    clock: Clock,
    pulse: Arc<Pulse>,
    inbox: Receiver<Request>,
    generation: watch::Sender<u64>,
    backlog: Backlog,
    failed: bool,
    /// Whether the last drain opened incidents.
    opening: bool,
    /// Whether the leases of the process before this one were given back.
    released: bool,
    lapse_at: Option<Timestamp>,
    begun: Timestamp,
}

impl Writer {
    fn run(mut self) {
        let mut next_timer = Some((self.clock)());
        loop {
            let first = match self.backlog {
                Backlog::Now => self.inbox.try_recv().ok(),
                Backlog::Resting { earliest, latest } => {
                    let now = Instant::now();
                    let quiet = QUIET.min(latest.saturating_duration_since(now));
                    self.wait(earliest.saturating_duration_since(now).max(quiet))
                }
                Backlog::None => self.wait(self.until(next_timer)),
            };
            let Ok(first) =
                first.map_or(Ok(None), |r| if matches!(r, Request::Stop) { Err(()) } else { Ok(Some(r)) })
            else {
                return;
            };
            let mut group: Vec<Request> = first.into_iter().collect();
            let mut stop = false;
            while group.len() < GROUP {
                match self.inbox.try_recv() {
                    Ok(Request::Stop) => {
                        stop = true;
                        break;
                    }
                    Ok(request) => group.push(request),
                    Err(_) => break,
                }
            }
            next_timer = self.turn(group);
            if stop {
                return;
            }
        }
    }

    /// How long there is nothing to do.
    fn until(&self, next_timer: Option<Timestamp>) -> Duration {
        let now = (self.clock)();
        next_timer.map_or(TICK, |due| {
            Duration::try_from(due.duration_since(now))
                .unwrap_or(Duration::ZERO)
                .clamp(Duration::from_millis(5), TICK)
        })
    }

    fn wait(&self, longest: Duration) -> Option<Request> {
        match self.inbox.recv_timeout(longest) {
            Ok(request) => Some(request),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Request::Stop),
        }
    }

    /// One transaction: the requests, some of the inbox, due timers. Answers when the next timer is due.
    fn turn(&mut self, group: Vec<Request>) -> Option<Timestamp> {
        let now = (self.clock)();
        // A claim makes nothing that a follower would want to see; waking the dispatcher by its own claim would keep it
        // claiming for ever.
        let asked = group.iter().any(|r| !matches!(r, Request::Claim { .. } | Request::Renew { .. }));
        let accepts = group.iter().any(|r| matches!(r, Request::Accept { .. }));
        let mut wrote = asked;
        let mut group: VecDeque<Request> = group.into();
        let mut replies: Vec<Deferred> = Vec::new();
        let mut next = None;
        let (mut backlog, mut took) = (false, false);
        let heard = now.duration_since(self.begun) >= LAPSE_GRACE;
        let lapse = self.lapse_at.is_none_or(|at| at <= now);
        let mut lapse_more = false;
        // After a failure the requests go alone once: what lies in the inbox may be what fails, and must not keep
        // others from being accepted. So do they while the inbox rests.
        let begun = Instant::now();
        let rests = match self.backlog {
            Backlog::Resting { earliest, latest } => begun < earliest || (accepts && begun < latest),
            _ => false,
        };
        let requests_only = self.failed || rests;
        let (machine, pulse) = (&mut self.machine, &self.pulse);
        let (limit, opened_before) = (if self.opening { DRAIN_OPENING } else { DRAIN }, machine.opened());
        let mut opening = false;
        let released = self.released;
        let result = self.store.transact(&mut |tx: &mut dyn Tx| {
            if !released {
                wrote |= machine.release_leases(tx, now)? > 0;
            }
            while let Some(request) = group.pop_front() {
                let (reply, done) = handle(machine, pulse, tx, request, now);
                replies.push(reply);
                done?;
            }
            if !requests_only {
                let drained = machine.drain(tx, now, limit)?;
                opening = machine.opened() != opened_before;
                let fired = machine.fire_timers(tx, now, TIMERS)?;
                let (mut lapsed, mut placed) = (0, 0);
                if lapse {
                    lapsed = if heard { machine.lapse_alerts(tx, now, TIMERS)? } else { 0 };
                    placed = machine.look_at_held(tx, now, TIMERS)?;
                    lapse_more = lapsed == TIMERS;
                }
                wrote |= drained + fired + lapsed + placed > 0;
                backlog = drained >= limit || fired == TIMERS || lapse_more;
                took = drained > 0;
            }
            next = tx.timers_next()?;
            Ok(())
        });
        if lapse && !lapse_more && !requests_only {
            self.lapse_at = now.checked_add(SignedDuration::from_secs(1)).ok();
        }
        self.backlog = match self.backlog {
            _ if result.is_err() => Backlog::None,
            resting if rests => resting,
            _ if self.failed || (backlog && !asked) => Backlog::Now,
            // People are to be called: only as long as it takes to send for them.
            _ if opening => {
                let rested = Instant::now() + REST_OPENING;
                Backlog::Resting { earliest: rested, latest: rested }
            }
            _ if took || backlog => {
                let earliest = Instant::now() + REST;
                Backlog::Resting {
                    earliest,
                    latest: earliest.max(Instant::now() + begun.elapsed() * REST_PER_DRAIN),
                }
            }
            _ => Backlog::None,
        };
        if !requests_only {
            self.opening = opening;
        }
        self.failed = result.is_err();
        self.released |= result.is_ok();
        if let Err(error) = &result {
            tracing::error!(%error, "a transaction failed; nothing of it was written");
            self.machine.forget();
            // A failing disk must not be hammered, and the callers are told at once.
            std::thread::sleep(Duration::from_millis(50));
        }
        let failure = result.as_ref().err();
        for reply in replies {
            reply(failure);
        }
        // Those whose turn did not come because one before them failed.
        if let Some(error) = failure {
            group.into_iter().for_each(|request| request.fail(error));
        }
        if wrote && failure.is_none() {
            self.generation.send_modify(|g| *g += 1);
        }
        next
    }
}

fn deferred<T: 'static>(reply: Reply<T>, value: Result<T, Error>) -> Deferred {
    Box::new(move |failure| {
        let _ = reply.send(match failure {
            Some(error) => Err(Error::Store(error.to_string())),
            None => value,
        });
    })
}

impl Request {
    /// Answers a request that was not begun.
    fn fail(self, error: &StoreError) {
        fn say<T>(reply: Reply<T>, error: &StoreError) {
            let _ = reply.send(Err(Error::Store(error.to_string())));
        }
        match self {
            Self::Accept { reply, .. } => say(reply, error),
            Self::Open { reply, .. } | Self::Command { reply, .. } => say(reply, error),
            Self::Once { reply, .. } => say(reply, error),
            Self::Claim { reply, .. } => say(reply, error),
            Self::Renew { reply, .. } | Self::Finish { reply, .. } => say(reply, error),
            Self::SetRoster { reply, .. } => say(reply, error),
            Self::PutSilence { reply, .. } | Self::Perform { reply, .. } => say(reply, error),
            Self::Stop => {}
        }
    }
}

/// Does what a request asks for. Its caller gets an answer in every case.
fn handle(
    machine: &mut Machine,
    pulse: &Arc<Pulse>,
    tx: &mut dyn Tx,
    request: Request,
    now: Timestamp,
) -> (Deferred, StoreResult<()>) {
    let flat = |decision: Decision| decision.map_err(Error::Rejected);
    match request {
        Request::Accept { source, items, reply } => {
            let accepted = match machine.is_full(tx) {
                Ok(true) => Ok(Err(Error::Full)),
                Ok(false) => machine.accept(tx, &source, now, items).map(Ok),
                Err(error) => Err(error),
            };
            answer(reply, accepted)
        }
        Request::Open { opening, actor, reply } => {
            answer(reply, machine.open(tx, *opening, &actor, now).map(flat))
        }
        Request::Command { id, command, actor, at, reply } => {
            let moved = at
                .map_or(Ok(None), |at| Ok(machine.version(tx, &id)?.filter(|version| !at.contains(version))));
            match moved {
                Ok(Some(version)) => answer(reply, Ok(Err(Error::Moved { version }))),
                Ok(None) => answer(reply, machine.command(tx, &id, &command, &actor, now).map(flat)),
                Err(error) => answer(reply, Err(error)),
            }
        }
        Request::Claim { calls, limit, reply } => {
            let claimed = machine.claim_calls(tx, now, calls).and_then(|mut claimed| {
                // More people are to be called: what else is to be done comes to a trickle until they are.
                let limit = if calls > 0 && claimed.len() == calls { limit.min(BESIDE_CALLS) } else { limit };
                if limit > 0 {
                    claimed.extend(machine.claim(tx, now, limit)?);
                }
                Ok(claimed)
            });
            answer(reply, claimed.map(Ok))
        }
        Request::SetRoster { roster, reply } => answer(reply, machine.set_roster(tx, roster, now).map(Ok)),
        Request::Once { mark, what, actor, reply } => {
            let done = machine.once(tx, &mark, &what, &actor, now);
            answer(reply, done.map(|seen| seen.map_or(Ok(None), |decision| flat(decision).map(Some))))
        }
        Request::Renew { key, fence, reply } => answer(reply, machine.renew(tx, &key, fence, now).map(Ok)),
        Request::Finish { key, fence, result, reply } => {
            let done = machine.finish(tx, &key, fence, &result, now);
            // A figure that cannot be had is no reason to lose an outcome.
            let delivered = match &done {
                Ok(true) => machine.delivered(tx, &key, now).ok().flatten(),
                _ => None,
            };
            let (told, done) = answer(reply, done.map(Ok));
            let pulse = Arc::clone(pulse);
            let told: Deferred = Box::new(move |failure| {
                if let (None, Some(delivered)) = (failure, delivered) {
                    pulse.delivered(delivered);
                }
                told(failure);
            });
            (told, done)
        }
        Request::PutSilence { silence, reply } => answer(reply, machine.put_silence(tx, &silence).map(Ok)),
        Request::Perform { deed, reply } => {
            answer(reply, machine.perform(tx, &deed, now).map(|done| done.map_err(Error::Rejected)))
        }
        Request::Stop => (Box::new(|_| {}), Ok(())),
    }
}

fn answer<T: 'static>(reply: Reply<T>, done: StoreResult<Result<T, Error>>) -> (Deferred, StoreResult<()>) {
    match done {
        Ok(value) => (deferred(reply, value), Ok(())),
        Err(error) => (deferred(reply, Err(Error::Store(error.to_string()))), Err(error)),
    }
}
