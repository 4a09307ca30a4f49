//! What came of effects.

use serde_json::Value;

use super::super::command::Rejection;
use super::super::event::Event;
use super::super::state::Incident;
use crate::cx::Cx;
use crate::effect::{Effect, Outcome};
use crate::ids::EffectKey;
use crate::mitigation::Inverse;

/// In what a send gave back: a later update says it, and this one was not sent.
pub const OVERTAKEN: &str = "overtaken";
/// In what a call gave back: the others that were told with it, as [`Event::PagedTogether`] has them.
pub const TOGETHER: &str = "together";

pub(super) fn finish(
    i: &Incident,
    key: &EffectKey,
    effect: &Effect,
    outcome: &Outcome,
    cx: &Cx<'_>,
) -> Vec<Event> {
    let (done, text, data) = match outcome {
        Outcome::Done { detail, data } => (true, detail.clone(), data.clone()),
        Outcome::Permanent { reason } | Outcome::Retry { reason, .. } => (false, reason.clone(), Value::Null),
    };
    let audience = match effect {
        Effect::DraftUpdate { audience, ahead: None, .. } => Some(*audience),
        _ => None,
    };
    let died = || Event::EffectDied {
        key: key.clone(),
        effect: effect.kind().to_owned(),
        reason: text.clone(),
        audience,
    };
    match effect {
        Effect::Act { plan, step, inverse } => {
            let waits = i.plan(plan).is_some_and(|p| {
                let expected =
                    if *inverse { p.steps_done.checked_sub(p.steps_undone + 1) } else { Some(p.steps_done) };
                p.step_running && expected == Some(*step)
            });
            if !waits {
                // An undo that was revived and failed once more still needs a person.
                return if done || i.dead_effects.contains_key(key) { Vec::new() } else { vec![died()] };
            }
            let undo = data.get("inverse").and_then(|v| serde_json::from_value::<Inverse>(v.clone()).ok());
            let finished = Event::StepFinished {
                plan: plan.clone(),
                step: *step,
                inverse: *inverse,
                ok: done,
                output: text.clone(),
                undo,
            };
            // A mitigation that could not be carried out is an answer; one that could not be undone needs a person.
            if !done && *inverse { vec![finished, died()] } else { vec![finished] }
        }
        Effect::Send { update, channel } if done => {
            let sent = data.get(OVERTAKEN).is_none();
            let fresh = sent && i.updates.get(*update).is_some_and(|u| !u.delivered.contains(channel));
            if fresh {
                vec![Event::UpdateDelivered { update: *update, channel: channel.clone() }]
            } else {
                Vec::new()
            }
        }
        Effect::ArchiveBundle if done => match data.get("path").and_then(Value::as_str) {
            Some(path) if i.archive_asked && i.bundle.as_deref() != Some(path) => {
                vec![Event::BundleArchived { path: path.to_owned() }]
            }
            _ => Vec::new(),
        },
        Effect::WritePostmortem if done => {
            let path = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let written = (path("markdown"), path("html"));
            // One that was asked for before the incident was opened again is not its postmortem any more.
            if !i.writing_asked || i.postmortem.as_ref() == Some(&written) {
                return Vec::new();
            }
            vec![Event::PostmortemWritten { markdown: written.0, html: written.1 }]
        }
        Effect::Room(effect) => {
            let mut events = super::super::rooms::finish(i, effect, done, &text, &data, &cx.policy.war_room);
            if !done && !i.dead_effects.contains_key(key) {
                events.push(died());
            }
            events
        }
        Effect::Issue(effect) => {
            let mut events = super::super::trackers::finish(i, effect, done, &data);
            if !done && !i.dead_effects.contains_key(key) {
                events.push(died());
            }
            events
        }
        Effect::Reach(_) if done && data.get(TOGETHER).is_some() => {
            let together = data.get(TOGETHER).cloned().unwrap_or_default();
            serde_json::from_value::<Together>(together).ok().map(Event::from).into_iter().collect()
        }
        // A run that could not even be started is the agent's failure, not a dead letter: the incident goes on.
        Effect::RunAgent { run, .. } if !done => super::agents::fail(i, run, &text.into()),
        Effect::RunAgent { .. }
        | Effect::DraftUpdate { .. }
        | Effect::Page { .. }
        | Effect::Reach(_)
        | Effect::Announce { .. }
            if done =>
        {
            Vec::new()
        }
        // A person hears of it by another way, and whoever looks after the channels hears that it fails.
        Effect::Reach(_) if !i.dead_effects.contains_key(key) => {
            let mut events = super::oncall::not_reached(i, effect, cx);
            events.push(died());
            events
        }
        _ if i.dead_effects.contains_key(key) => Vec::new(),
        // Where a clock runs it is asked for again; until then somebody knows that nothing was said.
        Effect::DraftUpdate { audience, reason, ahead: None } => {
            let mut events = vec![died()];
            events.extend(super::super::untold::unwritten(i, *audience, *reason, &text, cx));
            events
        }
        Effect::Send { update, channel } => {
            let mut events = vec![died()];
            events.extend(super::super::untold::refused(i, *update, channel, &text, cx));
            events
        }
        _ => vec![died()],
    }
}

/// See [`TOGETHER`].
#[derive(serde::Deserialize)]
struct Together {
    person: String,
    with: Vec<String>,
    all: usize,
}

impl From<Together> for Event {
    fn from(told: Together) -> Self {
        Self::PagedTogether { person: told.person, with: told.with, all: told.all }
    }
}

pub(super) fn revive(i: &Incident, key: &EffectKey) -> Result<Vec<Event>, Rejection> {
    if i.dead_effects.contains_key(key) {
        Ok(vec![Event::EffectRevived { key: key.clone() }])
    } else {
        Err(Rejection::invalid("key", format!("{key} is not a dead letter of this incident")))
    }
}
