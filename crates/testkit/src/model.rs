//! The core alone: commands, timers and outcomes of effects in random order, each repeated, late or lost. A crash is a
//! refold, which the invariants do all the time.

use std::collections::BTreeMap;
use std::fmt;

use firebell_core::agent::AgentTask;
use firebell_core::comms::Update;
use firebell_core::cx::Cx;
use firebell_core::effect::{Effect, Outcome};
use firebell_core::ids::{EffectKey, Fingerprint, IncidentId, RunId};
use firebell_core::incident::{
    Actor, AlertTurn, AttachedAlert, Command, Event, EventRecord, Incident, Opening, PlanStatus, Rejection,
    apply, decide, effects, timers,
};
use firebell_core::policy::Policy;
use firebell_core::severity::Severity;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::invariants::{self, Holds, LastWord};
use crate::{agents, people, samples};

/// How often a full refold is compared: it is the dearest check.
const REFOLD_EVERY: usize = 32;
/// A run that is not settled after so many well-behaved moves is stuck.
const SETTLE: usize = 600;

/// One incident and all that waits outside.
pub struct Model {
    id: IncidentId,
    policy: Policy,
    now: Timestamp,
    state: Option<Incident>,
    records: Vec<EventRecord>,
    /// The same, folded from events that have been through JSON: what a restart would come to.
    restarted: Option<Incident>,
    outbox: BTreeMap<EffectKey, Effect>,
    done: BTreeMap<EffectKey, Effect>,
    word: LastWord,
    steps: usize,
    /// What happened, for people.
    pub trace: Vec<String>,
}

impl Default for Model {
    fn default() -> Self {
        Self::new(samples::policy())
    }
}

impl Model {
    /// Nothing has happened yet.
    pub fn new(policy: Policy) -> Self {
        Self {
            id: IncidentId::numbered(2027, 1),
            policy,
            now: samples::start(),
            state: None,
            records: Vec::new(),
            restarted: None,
            outbox: BTreeMap::new(),
            done: BTreeMap::new(),
            word: LastWord::default(),
            steps: 0,
            trace: Vec::new(),
        }
    }

    /// The incident, once it is open.
    pub fn incident(&self) -> Option<&Incident> {
        self.state.as_ref()
    }

    /// All events.
    pub fn records(&self) -> &[EventRecord] {
        &self.records
    }

    /// One random step; the same seed on the same state does the same.
    ///
    /// # Errors
    /// The invariant that broke.
    pub fn step(&mut self, seed: u64) -> Holds {
        let mut dice = Dice::new(seed);
        let Some(state) = self.state.clone() else {
            let opening = random_opening(&mut dice, self.now);
            let actor =
                if dice.chance(50) { Actor::person("ada") } else { Actor::Source { name: "am".into() } };
            return self.say(&Command::Open(opening), &actor);
        };
        match dice.below(100) {
            0..=9 => {
                let seconds = [1, 30, 120, 600, 7200][dice.below(5)];
                self.now = samples::plus(self.now, if dice.chance(8) { -seconds } else { seconds });
                Ok(())
            }
            10..=24 => self.fire_due(&mut dice),
            25..=29 => self.fire_stale(&mut dice),
            30..=69 => self.finish_one(&mut dice),
            70..=73 => self.repeat_one(&mut dice),
            74..=89 => {
                let (actor, command) = people::random_command(&mut dice, &state);
                self.say(&command, &actor)
            }
            90..=96 => self.turn_alerts(&mut dice, &state),
            _ => {
                let run = RunId::new("investigate-9/nobody");
                let task = AgentTask::Investigate { round: 9 };
                let report = agents::good(run.as_str(), &task, self.now);
                self.say(&Command::ReportAgent { run, report }, &Actor::Agent { name: "nobody".into() })
            }
        }
    }

    /// The time of the record, which never runs backwards, whatever the clock does; as the engine has it.
    fn time(&self) -> Timestamp {
        self.state.as_ref().map_or(self.now, |i| self.now.max(i.last_at))
    }

    /// Decides a command, checks what it brings, folds it in.
    ///
    /// # Errors
    /// The invariant that broke.
    pub fn say(&mut self, command: &Command, actor: &Actor) -> Holds {
        self.try_say(command, actor).map(drop)
    }

    /// As [`Model::say`]; answers the rejection, if it was one.
    ///
    /// # Errors
    /// The invariant that broke.
    pub fn try_say(&mut self, command: &Command, actor: &Actor) -> Result<Option<Rejection>, String> {
        self.steps += 1;
        let now = self.time();
        let cx = Cx::new(now, &self.policy);
        let records = match decide(&self.id, self.state.as_ref(), command, actor, &cx) {
            Ok(records) => records,
            Err(rejection) => return Ok(Some(rejection)),
        };
        self.trace.push(format!("{now} {actor:?} {}: {} events", name_of(command), records.len()));
        if records.len() > 200 {
            return Err(format!("one {} made {} events", name_of(command), records.len()));
        }
        for record in records {
            if let Some(before) = &self.state {
                invariants::approvals_precede_actions(before, &self.records, &record, &self.policy)?;
                invariants::restricted_stays_restricted(before, &record)?;
                self.word.take_in(before, &record);
            }
            apply(&mut self.state, &record);
            apply(&mut self.restarted, &invariants::event_survives_json(&record)?);
            if let Some(after) = &self.state {
                for (ordinal, effect) in effects(after, &record).into_iter().enumerate() {
                    self.outbox.insert(EffectKey::of(&self.id, record.version, ordinal), effect);
                }
            }
            if let Event::EffectRevived { key } = &record.event
                && let Some(effect) = self.done.get(key)
            {
                self.outbox.insert(key.clone(), effect.clone());
            }
            self.records.push(record);
        }
        let Some(state) = &self.state else { return Ok(None) };
        invariants::plans_are_what_their_hash_says(state)?;
        invariants::memory_equals_refold(state, self.restarted.as_ref())?;
        invariants::of_state(state, &self.policy, self.outbox.len())?;
        self.word.critical_is_spoken_of(state, &self.policy)?;
        if self.steps.is_multiple_of(REFOLD_EVERY) {
            self.check_whole()?;
        }
        Ok(None)
    }

    /// The checks that read the whole record.
    ///
    /// # Errors
    /// The invariant that broke.
    pub fn check_whole(&self) -> Holds {
        let Some(state) = &self.state else { return Ok(()) };
        invariants::timeline_runs_forward(&self.records)?;
        invariants::state_equals_refold(state, &self.records)
    }

    fn fire_due(&mut self, dice: &mut Dice) -> Holds {
        let Some(state) = &self.state else { return Ok(()) };
        let due: Vec<String> = timers(state, &self.policy)
            .into_iter()
            .filter(|(_, at)| *at <= self.time())
            .map(|(key, _)| key)
            .collect();
        let Some(key) = dice.pick(&due).cloned() else { return Ok(()) };
        self.say(&Command::FireTimer { key: key.clone() }, &Actor::System)?;
        if !dice.chance(40) {
            return Ok(());
        }
        // A second firing is a no-op, unless the clock was wound again and is due again.
        let state = self.state.as_ref();
        let again =
            state.is_some_and(|i| timers(i, &self.policy).get(&key).is_some_and(|due| *due <= self.time()));
        let before = self.records.len();
        self.say(&Command::FireTimer { key: key.clone() }, &Actor::System)?;
        if again || self.records.len() == before { Ok(()) } else { Err(format!("timer {key} counted twice")) }
    }

    fn fire_stale(&mut self, dice: &mut Dice) -> Holds {
        let Some(state) = &self.state else { return Ok(()) };
        let held = timers(state, &self.policy);
        let keys = [
            "soak",
            "look_again",
            "ack:on_call:0:0",
            "update:internal",
            "resolve_by:SEV1",
            "plan:0000000000000000",
            "agent:assess/incident-responder",
            "phase:1:0",
            "",
            "nonsense:::",
        ];
        let key = keys[dice.below(keys.len())].to_owned();
        let counts = held.get(&key).is_some_and(|due| *due <= self.time());
        let before = self.records.len();
        self.say(&Command::FireTimer { key: key.clone() }, &Actor::System)?;
        if counts || self.records.len() == before {
            Ok(())
        } else {
            Err(format!("stale timer {key} counted"))
        }
    }

    fn finish_one(&mut self, dice: &mut Dice) -> Holds {
        let keys: Vec<EffectKey> = self.outbox.keys().cloned().collect();
        let Some(key) = dice.pick(&keys).cloned() else { return Ok(()) };
        let Some(effect) = self.outbox.remove(&key) else { return Ok(()) };
        self.done.insert(key.clone(), effect.clone());
        let dead = dice.chance(8);
        let random = dice.draw();
        self.finish(&key, &effect, dead, Some(random))
    }

    /// The outcome of an effect that was finished before comes once more.
    fn repeat_one(&mut self, dice: &mut Dice) -> Holds {
        let keys: Vec<EffectKey> = self.done.keys().cloned().collect();
        let Some(key) = dice.pick(&keys).cloned() else { return Ok(()) };
        let Some(effect) = self.done.get(&key).cloned() else { return Ok(()) };
        if matches!(effect, Effect::DraftUpdate { .. }) {
            // Drafts are fenced by the outbox: the core takes every draft that it is given.
            return Ok(());
        }
        let random = dice.draw();
        self.finish(&key, &effect, false, Some(random))
    }

    /// Finishes an effect: `dead` gives it up; `random` makes agents say anything.
    ///
    /// # Errors
    /// The invariant that broke.
    pub fn finish(&mut self, key: &EffectKey, effect: &Effect, dead: bool, random: Option<u64>) -> Holds {
        self.outbox.remove(key);
        let outcome = if dead {
            Outcome::Permanent { reason: "the vendor said no".to_owned() }
        } else {
            Outcome::Done { detail: "done".to_owned(), data: data_for(effect, key) }
        };
        if !dead && let Some((command, actor)) = self.follow_up(effect, random) {
            self.say(&command, &actor)?;
        }
        let finish = Command::FinishEffect { key: key.clone(), effect: effect.clone(), outcome };
        self.say(&finish, &Actor::System)
    }

    fn follow_up(&self, effect: &Effect, random: Option<u64>) -> Option<(Command, Actor)> {
        match effect {
            Effect::RunAgent { run, agent, task } => {
                let report = match random {
                    Some(seed) => agents::random(&mut Dice::new(seed), run.as_str(), task, self.now),
                    None => Ok(agents::good(run.as_str(), task, self.now)),
                };
                let run = run.clone();
                let command = match report {
                    Ok(report) => Command::ReportAgent { run, report },
                    Err(reason) => Command::FailAgent { run, failure: reason.into() },
                };
                Some((command, Actor::Agent { name: agent.clone() }))
            }
            Effect::DraftUpdate { audience, ahead: Some(due), .. } => {
                let (subject, body) = ("soon".to_owned(), "text".to_owned());
                let command = Command::RecordDraft { audience: *audience, due: *due, subject, body };
                Some((command, Actor::Agent { name: "incident-responder".into() }))
            }
            Effect::DraftUpdate { audience, reason, ahead: None } => {
                let state = self.state.as_ref()?;
                let update = Update {
                    audience: *audience,
                    reason: *reason,
                    subject: "status".to_owned(),
                    body: "text".to_owned(),
                    at: self.now,
                    by: "incident-responder".to_owned(),
                    channels: firebell_core::incident::channels_for(state, *audience, &self.policy),
                    by_person: false,
                    delivered: Vec::new(),
                };
                Some((Command::RecordUpdate { update }, Actor::Agent { name: "incident-responder".into() }))
            }
            _ => None,
        }
    }

    fn turn_alerts(&mut self, dice: &mut Dice, state: &Incident) -> Holds {
        if dice.chance(40) || state.alerts.is_empty() {
            let alert = random_alert(dice, self.now);
            return self.say(&Command::AttachAlerts { alerts: vec![alert] }, &Actor::System);
        }
        let known: Vec<&Fingerprint> = state.alerts.keys().collect();
        let turns: Vec<AlertTurn> = (0..1 + dice.below(3))
            .filter_map(|_| {
                let fingerprint = dice.pick(&known).map(|f| (*f).clone())?;
                Some(AlertTurn { fingerprint, firing: dice.chance(40) })
            })
            .collect();
        self.say(&Command::TurnAlerts { turns: turns.clone() }, &Actor::System)?;
        // The last word on each alert counts.
        for turn in turns.iter().rev().take(1) {
            let firing = self.state.as_ref().and_then(|i| i.alerts.get(&turn.fingerprint)).map(|a| a.firing);
            if firing != Some(turn.firing) {
                return Err(format!("{} should be firing: {}", turn.fingerprint, turn.firing));
            }
        }
        Ok(())
    }

    /// Lets everything behave until the incident is closed.
    ///
    /// # Errors
    /// Where it does not come to its end, or an invariant breaks on the way.
    pub fn settle(&mut self) -> Holds {
        for _ in 0..SETTLE {
            let Some(state) = self.state.clone() else { return Ok(()) };
            if invariants::is_settled(&state) && self.outbox.is_empty() {
                return self.check_whole();
            }
            if let Some((key, effect)) = self.outbox.first_key_value().map(|(k, e)| (k.clone(), e.clone())) {
                self.finish(&key, &effect, false, None)?;
                continue;
            }
            if let Some(key) = state.dead_effects.keys().next().cloned() {
                self.say(&Command::ReviveEffect { key }, &Actor::person("ada"))?;
                continue;
            }
            let proposed = state.plans.iter().find(|p| p.status == PlanStatus::Proposed);
            if let Some(plan) = proposed.filter(|p| p.plan.expires_at > self.now.max(state.last_at)) {
                for person in ["ada", "grace"] {
                    let plan = plan.hash.clone();
                    let command = Command::Decide { plan, go: true, reason: String::new() };
                    self.say(&command, &Actor::person(person))?;
                }
            }
            for waiting in state.awaiting.values() {
                let holder = Actor::person(waiting.people.first().map_or("ada", String::as_str));
                self.say(&Command::Acknowledge, &holder)?;
            }
            let Some(state) = &self.state else { return Ok(()) };
            let next = timers(state, &self.policy).into_iter().min_by_key(|(_, due)| *due);
            if let Some((key, due)) = next.filter(|_| self.outbox.is_empty()) {
                self.now = self.now.max(due);
                self.say(&Command::FireTimer { key }, &Actor::System)?;
            }
        }
        let state = self.state.as_ref();
        Err(format!(
            "does not settle: {:?} in {:?}, waits for {:?}",
            state.map(|i| i.status),
            state.map(|i| i.phase),
            state.map(|i| timers(i, &self.policy))
        ))
    }
}

/// The variant's name, without writing out all that is in it.
fn name_of(command: &Command) -> String {
    struct Head(String);
    impl fmt::Write for Head {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let name = text.split([' ', '(', '{']).next().unwrap_or_default();
            self.0.push_str(name);
            if name.len() == text.len() { Ok(()) } else { Err(fmt::Error) }
        }
    }
    let mut head = Head(String::new());
    // It fails where the name ends.
    let _ = fmt::write(&mut head, format_args!("{command:?}"));
    head.0
}

/// What the other side gives back.
pub fn data_for(effect: &Effect, key: &EffectKey) -> Value {
    match effect {
        Effect::ArchiveBundle => json!({ "path": format!("bundles/{key}") }),
        Effect::WritePostmortem => json!({ "markdown": format!("{key}.md"), "html": format!("{key}.html") }),
        Effect::Act { inverse: false, .. } => {
            json!({ "inverse": { "action": "scale_pool", "params": { "size": 10 } } })
        }
        _ => Value::Null,
    }
}

fn random_opening(dice: &mut Dice, now: Timestamp) -> Opening {
    let titles = [
        "High error rate on checkout API, customers cannot complete purchases",
        "Slow API responses, p95 latency increased from 200ms to 2s",
        "Suspicious authentication attempts, possible credential stuffing attack",
        "The logo is misaligned, cosmetic only",
        "something is odd",
    ];
    Opening {
        title: titles[dice.below(titles.len())].to_owned(),
        services: vec![samples::SERVICES[dice.below(samples::SERVICES.len())].to_owned()],
        alerts: (0..dice.below(3)).map(|_| random_alert(dice, now)).collect(),
        severity: dice.chance(50).then(|| Severity::ALL[dice.below(4)]),
        drill: dice.chance(5),
        why: "simulated".to_owned(),
        ..Opening::default()
    }
}

fn random_alert(dice: &mut Dice, now: Timestamp) -> AttachedAlert {
    let signal = samples::random_signal(dice, now);
    AttachedAlert {
        name: signal.name().to_owned(),
        service: signal.labels.get("service").cloned(),
        firing: dice.chance(80),
        starts_at: signal.starts_at,
        summary: signal.annotations.get("summary").cloned().unwrap_or_default(),
        fingerprint: signal.fingerprint,
        labels: signal.labels,
        why: "simulated".to_owned(),
    }
}
