//! What must hold after every step, one function each. Each answers what is broken, in a sentence.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::comms::Audience;
use firebell_core::effect::Effect;
use firebell_core::ids::EffectKey;
use firebell_core::incident::{
    Actor, Event, EventRecord, Incident, PlanStatus, Proof, Status, Summary, fold, timers,
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

/// Once somebody has acknowledged, nobody is nagged to.
pub fn acknowledged_has_no_ack_timer(incident: &Incident, timers: &Timers) -> Holds {
    let nags = timers.keys().any(|k| k.starts_with("ack:"));
    must(!(incident.heard && nags), || format!("{} is acknowledged and still asks for it", incident.id))
}

/// What is over has no update clock, no phase and no deadline that runs.
pub fn ended_has_no_running_clock(incident: &Incident, timers: &Timers) -> Holds {
    let left: Vec<&String> =
        timers.keys().filter(|k| !k.starts_with("agent:") && *k != "postmortem").collect();
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
    let needed = match before.severity.severity {
        Severity::Sev1 => 2,
        Severity::Sev2 if !reversible => 2,
        _ => 1,
    };
    let level = policy.levels.of(before.severity.severity);
    let configured = if reversible { level.approvals_reversible } else { level.approvals_irreversible };
    must(usize::from(configured) == needed, || "the company does not use the default figures".to_owned())?;
    must(gos.len() >= needed, || {
        format!("plan {hash} runs under {} with {gos:?} of {needed} approvals", before.severity.severity)
    })
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
