//! The month: incidents come, people answer or not, channels fail or not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use firebell_core::agent::AgentFailure;
use firebell_core::effect::{Effect, Outcome};
use firebell_core::ids::{EffectKey, IncidentId};
use firebell_core::incident::{Actor, Command, Event, EventRecord, Opening, apply, channels_for};
use firebell_core::policy::{Policy, RoomChat};
use firebell_core::ports::chat::ChatRooms;
use firebell_core::ports::notifier::{Message, Notifier};
use firebell_core::ports::store::{IncidentFilter, Reader, Store, Tx};
use firebell_core::ports::{BoxFuture, Health};
use firebell_core::severity::Severity;
use firebell_engine::effects::{Devices, Executor, Heard, RoomSystems, Throttle};
use firebell_engine::machine::{EffectResult, Machine};
use firebell_oncall::Roster;
use firebell_oncall::escalation::HandTo;
use firebell_oncall::model::{ContactKind, Target};
use firebell_report::Templates;
use firebell_store::{MemoryReader, MemoryStore};
use firebell_testkit::chat::{FakeChat, Fault};
use firebell_testkit::dice::Dice;
use firebell_testkit::invariants;
use firebell_testkit::samples;
use firebell_testkit::vendor::{FakeAgents, FakeArchive, Vendor};
use jiff::Timestamp;
use serde_json::Value;

const ROSTER: &str = include_str!("roster.toml");
const DAY_S: i64 = 86_400;
const OPS: &str = "slack/ops";
const COMMANDER: &str = "incident_commander";
/// Where nobody answers for so long, somebody comes to the office and sees it.
const FOUND_AFTER_S: i64 = 4 * 3600;
/// One that lasts is over by then.
const LASTS_S: i64 = 9 * 3600;

/// A month in which both teams change their clocks.
#[derive(Debug, Clone)]
pub(super) struct Season {
    /// Its first second, a Monday's.
    pub(super) begin: i64,
    /// When clocks are changed: in New York, in Berlin.
    pub(super) nights: [i64; 2],
    /// The roster's file.
    pub(super) roster: String,
}

impl Season {
    /// March 2027: an hour is skipped in New York on the 14th, in Berlin on the 28th.
    pub(super) fn spring() -> Self {
        let begin = 1_803_859_200;
        let nights = [begin + 13 * DAY_S + 7 * 3600, begin + 27 * DAY_S + 3600];
        Self { begin, nights, roster: ROSTER.to_owned() }
    }

    /// From the 11th of October 2027 on: an hour comes twice in Berlin on the 31st, in New York on the 7th of November. The
    /// same roster, with its dates where they were: one replacement is about the doubled hour.
    pub(super) fn autumn() -> Self {
        let begin = 1_823_212_800;
        let nights = [begin + 27 * DAY_S + 6 * 3600, begin + 20 * DAY_S + 3600];
        let dates = [("03-28", "10-31"), ("03-01", "10-11"), ("03-04", "10-14"), ("03-05", "10-15")];
        let moved = |text: String, (from, to): (&str, &str)| {
            text.replace(&format!("2027-{from}"), &format!("2027-{to}"))
        };
        let roster = dates.into_iter().fold(ROSTER.to_owned(), moved);
        assert!(!roster.contains("2027-03"), "a date of spring is left");
        Self { begin, nights, roster }
    }
}

/// What somebody does who was reached, or comes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Acknowledge,
    Snooze,
    HandOver,
    Request,
    TakeCommand,
    /// Whoever is asked to command says that they cannot.
    Decline,
    /// Whoever is asked to take over does.
    TakeOver,
    Resolve,
}

/// What sort of incident it is for those who are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// Over within the hour once somebody has it.
    Usual,
    /// It lasts for hours.
    Long,
    /// Nobody wants to command it, for long.
    Unwanted,
}

/// How channels behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    /// All work, and everybody answers.
    Fair,
    /// They fail by themselves, mail is away for a day, one provider for an hour of each day.
    Bad,
}

impl Devices for Weather {
    fn heard(&self, _: &str, _: &IncidentId, _: Timestamp) -> Result<Heard, String> {
        Ok(if *self == Self::Fair { Heard::Taken } else { Heard::NoDevice })
    }
}

/// What arrived at a phone.
#[derive(Debug, Clone)]
pub(super) struct Ring {
    pub(super) at: i64,
    pub(super) address: String,
    pub(super) key: String,
    pub(super) incident: String,
    pub(super) subject: String,
    /// The sender was not told that it arrived.
    pub(super) lost: bool,
}

struct Channel {
    name: &'static str,
    kind: ContactKind,
    weather: Weather,
    begin: i64,
    clock: Arc<AtomicI64>,
    dice: Mutex<Dice>,
    phones: Arc<Mutex<Vec<Ring>>>,
}

impl Channel {
    fn outcome(&self, message: &Message) -> Outcome {
        let now = self.clock.load(Ordering::Relaxed);
        let retry = |reason: &str, after_s| Outcome::Retry { reason: reason.to_owned(), after_s };
        let permanent = |reason: &str| Outcome::Permanent { reason: reason.to_owned() };
        let mut lot = 99;
        if self.weather == Weather::Bad {
            let day = (now - self.begin) / DAY_S;
            match self.kind {
                ContactKind::Email if day == 9 => return retry("the mail server is away", None),
                ContactKind::Telegram if now % DAY_S < 3600 => return retry("500", None),
                _ => {}
            }
            lot = self.dice.lock().expect("not poisoned").below(100);
        }
        match lot {
            0..=2 => return permanent("400 this number cannot be reached"),
            3..=5 => return retry("429", Some(600)),
            6..=9 => return retry("503", None),
            _ => {}
        }
        for address in &message.to {
            self.phones.lock().expect("not poisoned").push(Ring {
                at: now,
                address: format!("{} {address}", self.name),
                key: message.key.clone(),
                incident: message.incident.clone(),
                subject: message.subject.clone(),
                lost: (10..=13).contains(&lot),
            });
        }
        // It arrived, and nobody hears of it.
        if (10..=13).contains(&lot) {
            return retry("timed out", None);
        }
        Outcome::Done { detail: "ok".to_owned(), data: Value::Null }
    }
}

impl Notifier for Channel {
    fn name(&self) -> &str {
        self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(std::future::ready(Health { name: self.name.into(), ok: true, detail: String::new() }))
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Outcome> {
        Box::pin(std::future::ready(self.outcome(message)))
    }
}

pub(super) struct Month {
    pub(super) roster: Roster,
    weather: Weather,
    season: Season,
    dice: Dice,
    clock: Arc<AtomicI64>,
    store: MemoryStore,
    reader: MemoryReader,
    machine: Machine,
    executor: Executor,
    runtime: tokio::runtime::Runtime,
    phones: Arc<Mutex<Vec<Ring>>>,
    /// What people will do, by time.
    plans: BTreeSet<(i64, IncidentId, String, Deed)>,
    chat: FakeChat,
    faults: Dice,
    /// How many rings were looked at.
    heard: usize,
    sorts: BTreeMap<IncidentId, Sort>,
    pub(super) policy: Arc<Policy>,
}

impl Month {
    pub(super) fn new(seed: u64, weather: Weather, season: &Season) -> Self {
        let (season, begin) = (season.clone(), season.begin);
        let roster = Roster::from_toml(&season.roster).expect("a roster");
        let mut policy = samples::policy();
        // Nothing is investigated here: agents are never asked twice.
        policy.times.agent_deadline_s = 30 * DAY_S;
        policy.people.clear();
        policy.war_room.bridge = "none".to_owned();
        policy.war_room.chats = vec![RoomChat {
            chat: OPS.to_owned(),
            severities: vec![Severity::Sev1, Severity::Sev2],
            private: false,
            invite: Vec::new(),
            announce: Vec::new(),
        }];
        let chat = FakeChat::new(OPS);
        let policy = Arc::new(policy);
        let store = MemoryStore::new();
        let (clock, phones) = (Arc::new(AtomicI64::new(begin)), Arc::new(Mutex::new(Vec::new())));
        let kinds = [
            ("sms", ContactKind::Sms),
            ("voice", ContactKind::Voice),
            ("email", ContactKind::Email),
            ("telegram", ContactKind::Telegram),
        ];
        let mut notifiers: BTreeMap<String, Arc<dyn Notifier>> = BTreeMap::new();
        for (n, (name, kind)) in (1..).zip(kinds) {
            let dice = Mutex::new(Dice::new(seed * 1000 + n));
            let (clock, phones) = (Arc::clone(&clock), Arc::clone(&phones));
            notifiers.insert(
                name.to_owned(),
                Arc::new(Channel { name, kind, weather, begin, clock, dice, phones }),
            );
        }
        let vendor = Vendor::default();
        let now = Arc::clone(&clock);
        let executor = Executor {
            agents: Arc::new(FakeAgents { vendor: vendor.clone() }),
            notifiers,
            platforms: Vec::new(),
            rooms: RoomSystems {
                chats: BTreeMap::from([(OPS.to_owned(), Arc::new(chat.clone()) as Arc<dyn ChatRooms>)]),
                ..RoomSystems::default()
            },
            trackers: BTreeMap::new(),
            archive: Arc::new(FakeArchive { vendor }),
            reader: Arc::new(store.reader()),
            templates: Arc::new(Templates::built_in().expect("parses")),
            policy: Arc::clone(&policy),
            clock: Arc::new(move || time(now.load(Ordering::Relaxed))),
            by_contact: kinds.into_iter().map(|(name, kind)| (kind, name.to_owned())).collect(),
            devices: Arc::new(weather),
            throttle: Throttle::default(),
            ack_keys: firebell_engine::ack::AckKeys::new("acknowledgements"),
        };
        Self {
            machine: Machine::new(Arc::clone(&policy)).with_roster(Arc::new(roster.clone())),
            roster,
            weather,
            season,
            dice: Dice::new(seed),
            clock,
            reader: store.reader(),
            store,
            executor,
            runtime: tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime"),
            phones,
            plans: BTreeSet::new(),
            chat,
            faults: Dice::new(seed + 77),
            heard: 0,
            sorts: BTreeMap::new(),
            policy,
        }
    }

    /// Lives through the month with so many incidents, and until the last of them has ended.
    pub(super) fn live(mut self, incidents: usize) -> Self {
        let (begin, nights) = (self.season.begin, self.season.nights);
        let mut arrivals: Vec<i64> = (0..incidents)
            .map(|n| match n % 12 {
                // Some in the hours in which clocks are changed.
                0 | 1 if self.weather == Weather::Bad => nights[n % 2] - 3600 + self.dice.below(7200) as i64,
                _ => begin + self.dice.below(31 * DAY_S as usize) as i64,
            })
            .collect();
        arrivals.sort_unstable();
        let mut arrivals = arrivals.into_iter().peekable();
        loop {
            let now = self.now();
            while arrivals.next_if(|at| *at <= now).is_some() {
                self.open();
            }
            while self.transact(|m, tx, at| m.fire_timers(tx, at, 1000)) > 0 {}
            while self.work() {}
            self.listen();
            while let Some(plan) = self.plans.first().filter(|p| p.0 <= now).cloned() {
                self.plans.remove(&plan);
                self.act(&plan);
            }
            let seconds =
                |at: Option<Timestamp>| at.map(|t| t.as_second() + i64::from(t.subsec_nanosecond() > 0));
            let (timer, effect) = {
                let mut next = (None, None);
                self.transact(|_, tx, _| {
                    next = (tx.timers_next()?, tx.outbox_next()?);
                    Ok(())
                });
                next
            };
            let next =
                [arrivals.peek().copied(), self.plans.first().map(|p| p.0), seconds(timer), seconds(effect)];
            let Some(next) = next.into_iter().flatten().min() else { break };
            if arrivals.peek().is_none() && self.plans.is_empty() && next > begin + 33 * DAY_S {
                break;
            }
            // What is due and does nothing more is looked at again a second later.
            self.clock.store(next.max(now + i64::from(next <= now)), Ordering::Relaxed);
        }
        self
    }

    fn now(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    fn transact<T: Default>(
        &mut self,
        mut work: impl FnMut(&mut Machine, &mut dyn Tx, Timestamp) -> firebell_core::ports::store::StoreResult<T>,
    ) -> T {
        let (at, machine, mut done) =
            (time(self.clock.load(Ordering::Relaxed)), &mut self.machine, T::default());
        self.store
            .transact(&mut |tx| {
                done = work(machine, tx, at)?;
                Ok(())
            })
            .expect("is written");
        done
    }

    fn open(&mut self) {
        let services = ["checkout", "payments", "catalog", "warehouse"];
        let severity = match self.dice.below(10) {
            0..=2 => Severity::Sev1,
            3..=6 => Severity::Sev2,
            _ => Severity::Sev3,
        };
        let opening = Opening {
            title: format!("something is wrong, {}", self.dice.below(1000)),
            services: vec![services[self.dice.below(services.len())].to_owned()],
            severity: Some(severity),
            why: "simulated".to_owned(),
            ..Opening::default()
        };
        let by = Actor::person("monitoring");
        let decided = self.transact(|m, tx, at| Ok(Some(m.open(tx, opening.clone(), &by, at)?)));
        let id = decided.expect("is there").expect("opens").incident;
        let sort = match (self.weather, self.dice.below(20)) {
            (Weather::Bad, 0 | 1) => Sort::Long,
            (Weather::Bad, 2) => Sort::Unwanted,
            _ => Sort::Usual,
        };
        self.sorts.insert(id.clone(), sort);
        let found = self.now() + if sort == Sort::Long { LASTS_S } else { FOUND_AFTER_S };
        self.plans.insert((found, id, "passer-by".to_owned(), Deed::Resolve));
    }

    /// Carries out what is due; answers whether there was anything.
    fn work(&mut self) -> bool {
        let claimed = self.transact(|m, tx, at| {
            let mut all = m.claim_calls(tx, at, 64)?;
            all.extend(m.claim(tx, at, 64)?);
            Ok(all)
        });
        let any = !claimed.is_empty();
        for one in claimed {
            let (key, fence) = (one.row.key.clone(), one.row.fence);
            let result = match &one.row.effect {
                Effect::Room(_) => {
                    self.chat_fails();
                    self.runtime.block_on(self.executor.run(one))
                }
                Effect::Reach(_) | Effect::Announce { .. } | Effect::Page { .. } => {
                    self.runtime.block_on(self.executor.run(one))
                }
                other => self.beside(other, &one.incident, (&one.row.key, one.row.created_at)),
            };
            self.transact(|m, tx, at| m.finish(tx, &key, fence, &result, at));
        }
        any
    }

    /// The chat is away for an hour of each day, and goes wrong by itself now and then.
    fn chat_fails(&mut self) {
        if self.weather == Weather::Fair {
            return;
        }
        self.chat.set_down(self.now() % DAY_S < 3600);
        match self.faults.below(100) {
            0..=3 => self.chat.fail([Fault::Error500]),
            4..=6 => self.chat.fail([Fault::Limited(30)]),
            7..=9 => self.chat.fail([Fault::LostAnswer]),
            _ => {}
        }
    }

    /// Rooms were told all that the record says, though the chat was away each day, and no draft came too late.
    /// `least`: so much of all of it there is.
    pub(super) fn rooms_and_drafts_hold(&self, least: usize) {
        let holds = |holds: Result<(), String>| holds.unwrap_or_else(|broken| panic!("{broken}"));
        let rooms = self.chat.rooms();
        let (mut posts, mut several, mut drafted) = (0, 0, 0);
        for records in self.incidents() {
            let mut state = None;
            for record in &records {
                if let Some(before) = &state {
                    holds(invariants::a_draft_precedes_what_becomes_due(before, record));
                }
                drafted += usize::from(matches!(record.event, Event::UpdateDrafted { .. }));
                apply(&mut state, record);
            }
            let incident = state.expect("is there");
            let Some(room) = incident.rooms.chats.get(OPS) else { continue };
            let there = rooms.get(room.id.as_ref().expect("was opened")).expect("is there");
            holds(invariants::a_room_was_told_what_the_record_says(&records, OPS, &there.posts));
            assert!(room.posting.is_none() && room.waiting.is_none(), "{}: {room:?}", incident.id);
            assert!(there.posts[0].1.contains(incident.id.as_str()), "{:?}", there.posts);
            posts += there.posts.len();
            several += there.posts.iter().filter(|(_, text)| text.contains('\n')).count();
        }
        let enough = rooms.len() > least && posts > 10 * least && several > least;
        assert!(enough, "{} {posts} {several}", rooms.len());
        assert!(drafted > least, "{drafted}");
    }

    /// What is checked of rooms and drafts does find what is wrong.
    pub(super) fn wrong_rooms_and_drafts_are_found(&self) {
        let rooms = self.chat.rooms();
        let busiest = rooms.values().max_by_key(|room| room.posts.len()).expect("there are rooms");
        let posts = &busiest.posts;
        let of_it = |records: &Vec<EventRecord>| posts[0].1.contains(records[0].incident.as_str());
        let records = self.incidents().into_iter().find(of_it).expect("is there");
        type Change<'a> = &'a dyn Fn(&mut Vec<(String, String)>);
        let found = |change: Change<'_>| {
            let mut posts = posts.clone();
            change(&mut posts);
            invariants::a_room_was_told_what_the_record_says(&records, OPS, &posts).is_err()
        };
        assert!(!found(&|_| {}));
        let differs = (2..posts.len()).find(|n| posts[*n].1 != posts[n - 1].1).expect("differs");
        assert!(found(&|posts| posts.swap(differs - 1, differs)), "out of order");
        assert!(found(&|posts| posts.push(("again".to_owned(), posts[1].1.clone()))), "under another key");
        assert!(found(&|posts| posts.push(posts[1].clone())), "twice");
        assert!(found(&|posts| posts[1].1.push('!')), "in other words");
        for n in 1..posts.len() {
            assert!(found(&|posts| drop(posts.remove(n))), "never told of {:?}", posts[n]);
        }
        // As if nobody had asked for drafts.
        let (mut state, mut undrafted) = (None, 0);
        for record in self.incidents().iter().flatten() {
            if record.version == 1 {
                state = None;
            }
            if let Some(before) = &state {
                undrafted +=
                    usize::from(invariants::a_draft_precedes_what_becomes_due(before, record).is_err());
            }
            if !matches!(record.event, Event::DraftRequested { .. } | Event::UpdateDrafted { .. }) {
                apply(&mut state, record);
            }
        }
        assert!(undrafted > 100, "{undrafted}");
    }

    /// What is checked of the commander's clock and of telephones does find what is missing, and what is too much.
    pub(super) fn what_was_not_done_in_time_is_found(&self) {
        let all = self.incidents();
        // As if it had not been noticed, nor anybody called for it.
        let missed = |what: &'static str| move |e: &Event| matches!(e, Event::DeadlineMissed { what: w, .. } if w.starts_with(what));
        let kinds: [&dyn Fn(&Event) -> bool; 6] = [
            &missed("uncommanded"),
            &missed("ack:"),
            &missed("resolve_by"),
            &|e| matches!(e, Event::HandOverDue { .. }),
            &|e| matches!(e, Event::Escalated { role: None, .. }),
            &|e| matches!(e, Event::UpdateRequested { .. } | Event::UpdatePosted { .. }),
        ];
        for (n, kind) in kinds.into_iter().enumerate() {
            let mut found = 0;
            for records in all.iter().filter(|records| records.iter().any(|r| kind(&r.event))) {
                let moments: BTreeSet<i64> =
                    records.iter().filter(|r| kind(&r.event)).map(|r| r.at.as_second()).collect();
                let gone = |r: &&EventRecord| {
                    let calls = matches!(
                        r.event,
                        Event::Paged { .. } | Event::OnCall { .. } | Event::Escalated { .. }
                    );
                    kind(&r.event) || (calls && moments.contains(&r.at.as_second()))
                };
                let without: Vec<EventRecord> = records.iter().filter(|r| !gone(r)).cloned().collect();
                found += usize::from(super::clock::wrong(&without));
            }
            assert!(found > 3, "kind {n}: {found}");
        }
        let mut rings = self.phones();
        assert_eq!(super::checks::phones(&rings, &all), Ok(()));
        let first = rings.iter().position(|r| !r.lost).expect("somebody was called");
        let again = Ring {
            key: "another".to_owned(),
            at: rings[first].at + 9,
            subject: "!".to_owned(),
            ..rings[first].clone()
        };
        rings.insert(first + 1, again);
        assert!(super::checks::phones(&rings, &all).is_err());
    }

    /// What is not what this is about: agents fail, updates are written.
    fn beside(
        &self,
        effect: &Effect,
        incident: &firebell_core::incident::Incident,
        (key, asked_at): (&EffectKey, Timestamp),
    ) -> EffectResult {
        // Some drafts take minutes, and some are never made: somebody hears that nobody was told.
        let lot =
            key.as_str().bytes().fold(7_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(b.into())) % 100;
        let age = time(self.now()).duration_since(asked_at).as_secs();
        let fails = |reason: &str, after_s: Option<u32>| EffectResult {
            outcome: match after_s {
                Some(_) => Outcome::Retry { reason: reason.to_owned(), after_s },
                None => Outcome::Permanent { reason: reason.to_owned() },
            },
            commands: Vec::new(),
            held: after_s.is_some(),
        };
        if let (Effect::DraftUpdate { ahead: None, .. }, Weather::Bad) = (effect, self.weather) {
            match lot {
                0..=3 if age < 200 => return fails("the drafter hangs", Some(200)),
                4..=5 => return fails("the template is broken", None),
                _ => {}
            }
        }
        let commands = match effect {
            Effect::RunAgent { run, .. } => {
                let failure: AgentFailure = "nobody looks here".to_owned().into();
                let quiet = run.as_str().starts_with("assess") || run.as_str().starts_with("backlog");
                // The assessment ends; the investigation never does.
                if quiet { vec![Command::FailAgent { run: run.clone(), failure }] } else { Vec::new() }
            }
            Effect::DraftUpdate { audience, ahead: Some(due), .. } => vec![Command::RecordDraft {
                audience: *audience,
                due: *due,
                subject: "update".to_owned(),
                body: "It goes on.".to_owned(),
            }],
            Effect::DraftUpdate { audience, reason, ahead: None } => vec![Command::RecordUpdate {
                update: firebell_core::comms::Update {
                    audience: *audience,
                    reason: *reason,
                    subject: "status".to_owned(),
                    body: "text".to_owned(),
                    at: time(self.now()),
                    by: "incident-responder".to_owned(),
                    channels: channels_for(incident, *audience, &self.policy),
                    by_person: false,
                    delivered: Vec::new(),
                },
            }],
            _ => Vec::new(),
        };
        let data = firebell_testkit::model::data_for(effect, &firebell_core::ids::EffectKey::from("k"));
        EffectResult { outcome: Outcome::Done { detail: "done".to_owned(), data }, commands, held: false }
    }

    /// Who was reached may answer, minutes later.
    fn listen(&mut self) {
        let rings: Vec<Ring> = {
            let all = self.phones.lock().expect("not poisoned");
            let new = all[self.heard..].to_vec();
            self.heard = all.len();
            new
        };
        for ring in rings {
            let answers = match self.weather {
                Weather::Fair => true,
                Weather::Bad => self.dice.chance(45),
            };
            let address = ring.address.split(' ').nth(1).unwrap_or_default();
            let owner = self.roster.people.iter().find(|p| p.contacts.iter().any(|c| c.address == address));
            if let Some(owner) = owner.filter(|_| answers) {
                let when = ring.at
                    + 20
                    + self.dice.below(if self.weather == Weather::Fair { 30 } else { 500 }) as i64;
                let (id, name) = (IncidentId::new(ring.incident.clone()), owner.name.clone());
                let deed = match self.sorts.get(&id) {
                    Some(Sort::Unwanted) if self.dice.chance(90) => Deed::Decline,
                    Some(Sort::Long) if ring.subject.contains("take over as") => Deed::TakeOver,
                    _ => self.deed(),
                };
                self.plans.insert((when, id, name, deed));
            }
        }
    }

    fn deed(&mut self) -> Deed {
        match (self.weather, self.dice.below(40)) {
            (Weather::Bad, 0 | 1) => Deed::Snooze,
            (Weather::Bad, 2 | 3) => Deed::HandOver,
            (Weather::Bad, 4 | 5) => Deed::Request,
            (Weather::Bad, 6) => Deed::TakeCommand,
            _ => Deed::Acknowledge,
        }
    }

    /// Who is on call by the schedule of commanders.
    fn commander(&self) -> Option<String> {
        self.roster.plan("command").and_then(|plan| plan.on_call(time(self.now())).into_iter().next())
    }

    fn act(&mut self, (at, id, person, deed): &(i64, IncidentId, String, Deed)) {
        let actor = Actor::person(person.clone());
        let command = match deed {
            Deed::Acknowledge => Command::Acknowledge,
            Deed::Snooze => Command::Snooze { until: time(self.now() + 1200) },
            Deed::HandOver => Command::HandOver { to: HandTo::Policy("platform".to_owned()) },
            Deed::Request => {
                Command::RequestResponders { targets: vec![Target::Schedule("command".to_owned())] }
            }
            Deed::TakeCommand => match self.commander() {
                Some(next) => Command::AssignRole { role: COMMANDER.to_owned(), person: next },
                None => Command::Acknowledge,
            },
            Deed::Decline => Command::DeclineRole { role: COMMANDER.to_owned(), reason: "asleep".to_owned() },
            Deed::TakeOver => Command::AssignRole { role: COMMANDER.to_owned(), person: person.clone() },
            Deed::Resolve => Command::Resolve { summary: "it is over".to_owned() },
        };
        let decided = self.transact(|m, tx, now| Ok(Some(m.command(tx, id, &command, &actor, now)?)));
        // Who answers ends it a while later; what has ended is refused.
        if *deed == Deed::Acknowledge && decided.is_some_and(|d| d.is_ok_and(|d| !d.records.is_empty())) {
            let end = match self.sorts.get(id) {
                Some(Sort::Long) => at + 2 * 3600 + self.dice.below(6 * 3600) as i64,
                _ => at + 600 + self.dice.below(3000) as i64,
            };
            self.plans.insert((end, id.clone(), person.clone(), Deed::Resolve));
        }
    }

    pub(super) fn incidents(&self) -> Vec<Vec<EventRecord>> {
        let filter = IncidentFilter { limit: 10_000, include_restricted: true, ..IncidentFilter::default() };
        let rows = self.reader.incidents(&filter).expect("lists");
        rows.iter().map(|row| self.reader.events(&row.id).expect("is there")).collect()
    }

    pub(super) fn phones(&self) -> Vec<Ring> {
        self.phones.lock().expect("not poisoned").clone()
    }
}

pub(super) fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}
