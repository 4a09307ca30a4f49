//! What must hold after every step, one function each. Each answers what is broken, in a sentence.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::comms::{Audience, UpdateReason};
use firebell_core::effect::Effect;
use firebell_core::ids::EffectKey;
use firebell_core::incident::{
    Actor, Event, EventRecord, Incident, Phase, PlanStatus, Proof, RoomEvent, Status, Summary, fold, line,
    timers,
};
use firebell_core::policy::Policy;
use firebell_core::ports::store::OutboxRow;
use firebell_core::severity::Severity;
use jiff::Timestamp;

/// An incident's timers.
pub type Timers = BTreeMap<String, Timestamp>;

/// An invariant's answer.
pub type Holds = Result<(), String>;

fn must(holds: bool, say: impl FnOnce() -> String) -> Holds {
    if holds { Ok(()) } else { Err(say()) }
}

/// Versions count from 1 without a gap, and times never decrease.
pub fn timeline_runs_forward(records: &[EventRecord]) -> Holds {
    for (at, record) in records.iter().enumerate() {
        must(record.version == at as u64 + 1, || {
            format!("{} has version {} at place {}", record.incident, record.version, at + 1)
        })?;
        if let Some(before) = at.checked_sub(1).and_then(|at| records.get(at)) {
            must(before.at <= record.at, || {
                format!("{} goes back in time at version {}", record.incident, record.version)
            })?;
        }
    }
    Ok(())
}

/// The state at hand is the fold of the events.
pub fn state_equals_refold(incident: &Incident, records: &[EventRecord]) -> Holds {
    let again = fold(records);
    must(again.as_ref() == Some(incident), || format!("{} is not the fold of its events", incident.id))
}

/// An event comes back from JSON as it went in. Answers what came back: folding that is what a restart does.
///
/// # Errors
/// If it does not.
pub fn event_survives_json(record: &EventRecord) -> Result<EventRecord, String> {
    let text = serde_json::to_string(record).map_err(|e| e.to_string())?;
    let back: EventRecord =
        serde_json::from_str(&text).map_err(|e| format!("version {}: {e}", record.version))?;
    must(back == *record, || format!("version {} of {} changes in JSON", record.version, record.incident))?;
    Ok(back)
}

/// What a machine remembers of an incident, on which it decides, is the fold of the events that are committed.
pub fn memory_equals_refold(remembered: &Incident, refold: Option<&Incident>) -> Holds {
    must(refold == Some(remembered), || {
        let version = refold.map(|i| i.version);
        format!("{} is remembered as of {} and folds to {version:?}", remembered.id, remembered.version)
    })
}

/// The list row, with its proof of the state, and the stored timers are functions of the state. `incident` is a fold
/// of the events as they were read; the proof was made of what the machine remembered.
pub fn projections_equal_refold(
    incident: &Incident,
    policy: &Policy,
    policy_sha256: &str,
    summary: Option<&Summary>,
    stored: &BTreeMap<String, Timestamp>,
) -> Holds {
    let proof = Some(Proof::of(incident, policy_sha256));
    let expected = Summary { proof, ..Summary::of(incident, incident.last_at) };
    must(summary == Some(&expected), || format!("the summary of {} is {summary:?}", incident.id))?;
    let wanted = timers(incident, policy);
    must(*stored == wanted, || format!("the timers of {} are {stored:?}, not {wanted:?}", incident.id))
}

/// Timers that move an incident: an agent's deadline, a wait before the next look, a soak, the end of a plan's offer.
/// All others only tell people of it.
const MOVERS: [&str; 4] = ["agent:", "plan:", "look_again", "soak"];
/// The longest that an incident may lie still before it moves by itself, in seconds.
const STILL_S: i64 = 4 * 3600;

/// An incident that is open goes on by itself, and soon: a timer that moves it runs, an effect is on its way, or a dead
/// letter lies before people. A cadence of updates or a deadline that was missed does not count.
pub fn open_incident_has_a_running_clock(incident: &Incident, timers: &Timers, effects_left: usize) -> Holds {
    let moves = |key: &str| MOVERS.iter().any(|mover| key.starts_with(mover));
    let soon = |due: Timestamp| due.duration_since(incident.last_at).as_secs() <= STILL_S;
    let moved = timers.iter().any(|(key, due)| moves(key) && soon(*due));
    let running = moved || effects_left > 0 || !incident.dead_effects.is_empty();
    must(incident.status.is_over() || running, || {
        format!(
            "{} is {} in {:?} and nothing will move it: {timers:?}",
            incident.id,
            incident.status.as_str(),
            incident.phase
        )
    })
}

/// An incident that is over and not closed has something on its way too.
pub fn ended_incident_will_close(incident: &Incident, timers: &Timers, effects_left: usize) -> Holds {
    let done = !incident.status.is_over() || incident.closed_at.is_some();
    let running = effects_left > 0 || !timers.is_empty() || !incident.dead_effects.is_empty();
    must(done || running, || format!("{} is over and will never be closed", incident.id))
}

/// A role whose holder has acknowledged, and one that nobody was called for, asks nobody to.
pub fn acknowledged_has_no_ack_timer(incident: &Incident, timers: &Timers) -> Holds {
    for key in timers.keys().filter(|k| k.starts_with("ack:")) {
        let role = key.split(':').nth(1).unwrap_or_default();
        let waits = incident.awaiting.get(role).is_some_and(|w| w.unheard > 0 || !answered(incident, role));
        must(waits, || format!("{} of {} is acknowledged and {key} still asks", role, incident.id))?;
    }
    Ok(())
}

fn answered(incident: &Incident, role: &str) -> bool {
    incident.holder(role).is_some_and(|person| incident.heard_by.contains(person))
}

/// What is over has no update clock, no phase and no deadline that runs.
pub fn ended_has_no_running_clock(incident: &Incident, timers: &Timers) -> Holds {
    let left: Vec<&String> = timers
        .keys()
        .filter(|k| !k.starts_with("agent:") && !k.starts_with("rooms:") && *k != "postmortem")
        .collect();
    let clocks = incident.clocks.values().any(|c| c.due.is_some());
    must(!incident.status.is_over() || (left.is_empty() && !clocks), || {
        format!("{} is {} and has clocks: {left:?}", incident.id, incident.status.as_str())
    })
}

/// Production is changed by one plan at a time, and by none once the incident is over.
pub fn one_plan_at_a_time(incident: &Incident) -> Holds {
    let active =
        |s: PlanStatus| matches!(s, PlanStatus::Running | PlanStatus::Watching | PlanStatus::Undoing);
    let under_way = incident.plans.iter().filter(|p| active(p.status)).count();
    must(under_way <= 1, || format!("{} carries out {under_way} plans at once", incident.id))?;
    let stepping = incident.plans.iter().any(|p| p.step_running);
    must(!(stepping && incident.status.is_over()), || format!("{} is over and still acts", incident.id))
}

/// A plan's hash is the hash of its content, and no two plans share one.
pub fn plans_are_what_their_hash_says(incident: &Incident) -> Holds {
    let mut seen = BTreeSet::new();
    for plan in &incident.plans {
        must(plan.plan.hash() == plan.hash, || format!("plan {} of {} has changed", plan.hash, incident.id))?;
        must(seen.insert(&plan.hash), || format!("plan {} of {} is there twice", plan.hash, incident.id))?;
    }
    Ok(())
}

/// A step of a plan begins only after enough different people said go to exactly that plan, by the severity of that
/// moment, and nobody said no. `before` is the state, `records` all events before `record`.
pub fn approvals_precede_actions(
    before: &Incident,
    records: &[EventRecord],
    record: &EventRecord,
    policy: &Policy,
) -> Holds {
    let Event::StepStarted { plan: hash, inverse, step } = &record.event else { return Ok(()) };
    let Some(plan) = before.plan(hash) else { return Err(format!("{} acts on no plan", before.id)) };
    if *inverse || *step > 0 {
        // Begun under the severity of then; the rest of it is bound to the same approval.
        return Ok(());
    }
    let mut gos = BTreeSet::new();
    for earlier in records {
        if let Event::Decided { plan, go, by, .. } = &earlier.event
            && plan == hash
        {
            let Actor::Person { name } = &earlier.actor else {
                return Err(format!("{:?} decided on plan {hash}", earlier.actor));
            };
            must(name == by, || format!("{name} decided in the name of {by}"))?;
            if *go {
                gos.insert(by.clone());
            } else {
                return Err(format!("plan {hash} was rejected by {by} and runs"));
            }
        }
    }
    let reversible = plan.plan.reversible;
    let needed = needed(before.severity.severity, reversible);
    let level = policy.levels.of(before.severity.severity);
    let configured = if reversible { level.approvals_reversible } else { level.approvals_irreversible };
    must(usize::from(configured) == needed, || "the company does not use the default figures".to_owned())?;
    must(gos.len() >= needed, || {
        format!("plan {hash} runs under {} with {gos:?} of {needed} approvals", before.severity.severity)
    })?;
    for name in lowered_by(records, hash, reversible) {
        must(gos.iter().any(|go| *go != name), || {
            format!("{name} lowered the severity and passed plan {hash} alone")
        })?;
    }
    Ok(())
}

/// What the severity table says.
fn needed(severity: Severity, reversible: bool) -> usize {
    match severity {
        Severity::Sev1 => 2,
        Severity::Sev2 if !reversible => 2,
        _ => 1,
    }
}

/// Who made fewer approvals enough for a plan while it waited.
fn lowered_by(records: &[EventRecord], hash: &str, reversible: bool) -> BTreeSet<String> {
    let mut waits = false;
    let mut names = BTreeSet::new();
    for record in records {
        match (&record.event, &record.actor) {
            (Event::PlansProposed { plans, .. }, _) => waits |= plans.iter().any(|p| p.hash == hash),
            (Event::SeverityChanged { from, to, .. }, actor) if waits => {
                let (from, to) = (needed(from.severity, reversible), needed(to.severity, reversible));
                match actor {
                    Actor::Person { name } if to < from => {
                        names.insert(name.clone());
                    }
                    // Raised again, everybody counts anew.
                    _ if to > from => names.clear(),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    names
}

/// When each audience of a critical incident last had a word, was about to have one, or was found to be late.
#[derive(Debug, Clone, Default)]
pub struct LastWord(BTreeMap<Audience, Timestamp>);

impl LastWord {
    /// Takes in the next event; `before` is the state before it.
    pub fn take_in(&mut self, before: &Incident, record: &EventRecord) {
        let said: Vec<Audience> = match &record.event {
            Event::UpdateRequested { audience, .. } => vec![*audience],
            Event::UpdatePosted { update } => vec![update.audience],
            Event::EffectDied { audience: Some(audience), .. } => vec![*audience],
            Event::DeadlineMissed { what, .. } => {
                let late = |a: &Audience| what.starts_with(&format!("update_late:{}:", a.as_str()));
                Audience::ALL.into_iter().filter(late).collect()
            }
            // From here on it is critical, or open, or to be told of.
            Event::SeverityChanged { .. } | Event::KindChanged { .. } | Event::Reopened { .. } => {
                Audience::ALL.to_vec()
            }
            Event::PhaseEntered { .. } if !before.clocks.contains_key(&Audience::Internal) => {
                Audience::ALL.to_vec()
            }
            _ => return,
        };
        self.0.extend(said.into_iter().map(|audience| (audience, record.at)));
    }

    /// While a critical incident is open, colleagues and customers hear of it every 15 minutes, or somebody hears that
    /// they do not: there is a timer for that which is due in time.
    pub fn critical_is_spoken_of(&self, incident: &Incident, policy: &Policy) -> Holds {
        let Some(every_s) = policy.levels.sev1.internal_every_s else { return Ok(()) };
        let critical = incident.severity.severity == Severity::Sev1 && !incident.status.is_over();
        let timers = timers(incident, policy);
        for audience in [Audience::Internal, Audience::Public] {
            let secret = audience == Audience::Public && (incident.is_secret() || incident.drill);
            let Some(last) = self.0.get(&audience).filter(|_| critical && !secret) else { continue };
            // While it is assessed only executives have a clock.
            if !incident.clocks.contains_key(&audience) || incident.phase == Phase::Assess {
                continue;
            }
            let own = format!("update_late:{}:", audience.as_str());
            let next = timers.iter().filter(|(key, _)| *key == "update:internal" || key.starts_with(&own));
            let next = next.map(|(_, due)| *due).min();
            let limit = crate::samples::plus(*last, every_s + 60);
            must(next.is_some_and(|due| due <= limit), || {
                format!(
                    "{audience:?} of {} had a word at {last} and the next is due at {next:?}",
                    incident.id
                )
            })?;
        }
        Ok(())
    }
}

/// Nothing of a restricted incident goes to customers unless a person says so.
pub fn restricted_stays_restricted(before: &Incident, record: &EventRecord) -> Holds {
    let Event::UpdatePosted { update } = &record.event else { return Ok(()) };
    let leaks = before.restricted
        && update.audience == Audience::Public
        && !matches!(record.actor, Actor::Person { .. });
    must(!leaks, || format!("{} tells customers of a restricted incident", before.id))?;
    let shared = matches!(update.audience, Audience::Internal | Audience::Support);
    must(!(before.restricted && shared && !update.channels.is_empty()), || {
        format!("{} sends a restricted update to {:?}", before.id, update.channels)
    })
}

/// The outbox holds exactly the effects of the events, under their keys. `outbox` is all that is there of the incident.
pub fn outbox_holds_what_events_ask_for(asked: &BTreeMap<EffectKey, Effect>, outbox: &[OutboxRow]) -> Holds {
    for row in outbox {
        must(asked.get(&row.key) == Some(&row.effect), || {
            format!("{} is {:?}; events ask for {:?}", row.key, row.effect, asked.get(&row.key))
        })?;
    }
    let there: BTreeSet<&EffectKey> = outbox.iter().map(|r| &r.key).collect();
    must(there.len() == asked.len() && outbox.len() == asked.len(), || {
        let lost: Vec<_> = asked.keys().filter(|key| !there.contains(key)).collect();
        format!("effects lost: {lost:?}; {} rows of {} effects", outbox.len(), asked.len())
    })
}

/// An update that becomes due was asked for ahead: people could read its draft and change it. The draft's time comes before
/// that of its update, also where both have passed when somebody looks. `before` is the state before `record`.
pub fn a_draft_precedes_what_becomes_due(before: &Incident, record: &EventRecord) -> Holds {
    let Event::UpdateRequested { audience, reason: UpdateReason::Cadence } = &record.event else {
        return Ok(());
    };
    let due = before.clocks.get(audience).and_then(|clock| clock.due).filter(|due| *due <= record.at);
    // Who is told with another audience has no time of their own.
    let Some(due) = due else { return Ok(()) };
    let ahead = before.ahead.get(audience).map(|ahead| ahead.due);
    must(ahead == Some(due), || {
        format!(
            "the {} update of {} was due at {due} and its draft was asked for {ahead:?}",
            audience.as_str(),
            before.id
        )
    })
}

/// Fewest characters of a line that may be shortened.
const SHORTENED: usize = 1_000;

/// A room was told what the record says since it was opened, each line once and in order, and nothing else. What the record
/// notes as told was told; what comes after that may be on its way. `posts` are those that people see: key and text, the
/// opening message first.
pub fn a_room_was_told_what_the_record_says(
    records: &[EventRecord],
    chat: &str,
    posts: &[(String, String)],
) -> Holds {
    let opened =
        |r: &&EventRecord| matches!(&r.event, Event::Room(RoomEvent::Opened { chat: c, .. }) if c == chat);
    let Some(begun) = records.iter().rev().find(opened) else {
        return must(posts.is_empty(), || {
            format!("a room of {chat} was told something and is not in the record")
        });
    };
    let id = &begun.incident;
    let keys: BTreeSet<&String> = posts.iter().map(|(key, _)| key).collect();
    must(keys.len() == posts.len(), || format!("the room of {id} in {chat} has a post twice"))?;
    // What the chat never takes is passed over.
    let (mut told, mut passed) = (begun.version, Vec::new());
    for record in records.iter().filter(|r| r.version > begun.version) {
        if let Event::Room(RoomEvent::Posted { chat: c, upto, refused, .. }) = &record.event
            && c == chat
        {
            passed.extend(refused.is_some().then_some(told + 1..=*upto));
            told = *upto;
        }
    }
    let news = records.iter().filter(|r| r.version > begun.version);
    let news = news.filter(|r| !passed.iter().any(|p| p.contains(&r.version)));
    let mut lines = news.filter_map(|r| Some((r, line(r, chat)?))).peekable();
    for (key, text) in posts.iter().skip(1) {
        let strange =
            || format!("the room of {id} in {chat} was told, under {key}, what was not next: {text}");
        let mut rest = text.as_str();
        loop {
            let (record, line) = lines.next().ok_or_else(strange)?;
            // Alone, or each with its time.
            let time = format!("{} ", record.at.strftime("%H:%M UTC"));
            let dated = rest.strip_prefix(&time).and_then(|rest| after_line(rest, &line));
            let alone = || after_line(text, &line).filter(|rest| rest.is_empty());
            rest = dated.or_else(alone).ok_or_else(strange)?;
            match rest.strip_prefix('\n') {
                Some(next) => rest = next,
                None => break,
            }
        }
        must(rest.is_empty(), strange)?;
    }
    let missed = lines.peek().filter(|(record, _)| record.version <= told);
    must(missed.is_none(), || {
        let version = missed.map(|(record, _)| record.version);
        format!("the room of {id} in {chat} was never told of event {version:?} and the record says it was")
    })
}

/// What comes after a line, which may have been shortened.
fn after_line<'a>(text: &'a str, line: &str) -> Option<&'a str> {
    let ends = |rest: &&str| rest.is_empty() || rest.starts_with('\n');
    let whole = text.strip_prefix(line).filter(ends);
    whole.or_else(|| {
        let (head, rest) = text.split_once(" \u{2026}")?;
        (head.chars().count() >= SHORTENED && line.starts_with(head)).then_some(rest).filter(ends)
    })
}

/// Settled: closed, or waiting for a person.
pub fn is_settled(incident: &Incident) -> bool {
    incident.closed_at.is_some() || incident.status == Status::Merged
}

/// All invariants of one incident's state that need nothing else.
pub fn of_state(incident: &Incident, policy: &Policy, effects_left: usize) -> Holds {
    let timers = &timers(incident, policy);
    acknowledged_has_no_ack_timer(incident, timers)?;
    ended_has_no_running_clock(incident, timers)?;
    one_plan_at_a_time(incident)?;
    open_incident_has_a_running_clock(incident, timers, effects_left)?;
    ended_incident_will_close(incident, timers, effects_left)
}
