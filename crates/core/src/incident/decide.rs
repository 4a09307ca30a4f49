//! Turns a command into events. Pure: everything that is not in the state comes in by [`Cx`].

use super::advance::advance;
use super::apply::apply;
use super::command::{Command, Rejection};
use super::commands;
use super::event::{Actor, Event, EventRecord};
use super::state::Incident;
use crate::cx::Cx;
use crate::ids::IncidentId;

/// A chain of consequences longer than this is a bug; stopping is better than filling the log.
const MAX_CONSEQUENCES: usize = 64;

/// Decides a command on an incident (`None`: not there yet) and everything that follows from it by itself. The answer's
/// records continue the stream; a repeated or stale command answers an empty list.
///
/// # Errors
/// [`Rejection`] says why not, and what would be possible.
pub fn decide(
    id: &IncidentId,
    state: Option<&Incident>,
    command: &Command,
    actor: &Actor,
    cx: &Cx<'_>,
) -> Result<Vec<EventRecord>, Rejection> {
    let events = begin(id, state, command, actor, cx)?;
    if events.is_empty() {
        return Ok(Vec::new());
    }
    Ok(follow(id, &mut state.cloned(), events, actor, cx, &mut |_, _| {}))
}

/// The same, on a state that moves on with the decision: it is what the records fold to afterwards. `each` is told of
/// every record, with the state right after it. Nothing has moved where the command is refused.
///
/// # Errors
/// As [`decide`].
pub fn decide_on(
    id: &IncidentId,
    state: &mut Option<Incident>,
    command: &Command,
    actor: &Actor,
    cx: &Cx<'_>,
    each: &mut dyn FnMut(&Incident, &EventRecord),
) -> Result<Vec<EventRecord>, Rejection> {
    let events = begin(id, state.as_ref(), command, actor, cx)?;
    Ok(follow(id, state, events, actor, cx, each))
}

/// What the command itself brings about.
fn begin(
    id: &IncidentId,
    state: Option<&Incident>,
    command: &Command,
    actor: &Actor,
    cx: &Cx<'_>,
) -> Result<Vec<Event>, Rejection> {
    match (state, command) {
        (None, Command::Open(opening)) => commands::open::open(opening, actor, cx),
        (None, _) => Err(Rejection::NotFound { incident: id.clone() }),
        (Some(_), Command::Open(_)) => Err(Rejection::Exists),
        (Some(incident), command) => commands::run(incident, command, actor, cx),
    }
}

/// Folds the events, and what follows from them by itself.
fn follow(
    id: &IncidentId,
    folded: &mut Option<Incident>,
    events: Vec<Event>,
    actor: &Actor,
    cx: &Cx<'_>,
    each: &mut dyn FnMut(&Incident, &EventRecord),
) -> Vec<EventRecord> {
    let mut records = Vec::with_capacity(events.len());
    if events.is_empty() {
        return records;
    }
    let mut push = |folded: &mut Option<Incident>, actor: &Actor, event: Event| {
        let version = folded.as_ref().map_or(0, |i| i.version) + 1;
        let record = EventRecord { incident: id.clone(), version, at: cx.now, actor: actor.clone(), event };
        apply(folded, &record);
        if let Some(after) = &*folded {
            each(after, &record);
        }
        records.push(record);
    };
    for event in events {
        push(folded, actor, event);
    }
    for _ in 0..MAX_CONSEQUENCES {
        let Some(incident) = &*folded else { break };
        let next = advance(incident, cx);
        if next.is_empty() {
            break;
        }
        for event in next {
            push(folded, &Actor::System, event);
        }
    }
    records
}
