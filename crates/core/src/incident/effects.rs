//! Which effects an event has: a function of the state after it and the event alone, so that a replay knows them too.

use super::event::{Event, EventRecord};
use super::state::Incident;
use crate::effect::{Effect, PageContact, Reach};

/// The effects of `record`, in order; their position is part of the idempotency key.
pub fn effects(after: &Incident, record: &EventRecord) -> Vec<Effect> {
    let mut all = own(after, record);
    all.extend(super::rooms::effects(after, record).into_iter().map(Effect::Room));
    all.extend(super::trackers::effects(after, &record.event).into_iter().map(Effect::Issue));
    all
}

fn own(after: &Incident, record: &EventRecord) -> Vec<Effect> {
    match &record.event {
        Event::AgentRequested { run, agent, task, .. } => {
            vec![Effect::RunAgent { run: run.clone(), agent: agent.clone(), task: task.clone() }]
        }
        Event::UpdateRequested { audience, reason } => {
            vec![Effect::DraftUpdate { audience: *audience, reason: *reason, ahead: None }]
        }
        Event::DraftRequested { audience, due } => {
            vec![Effect::DraftUpdate {
                audience: *audience,
                reason: crate::comms::UpdateReason::Cadence,
                ahead: Some(*due),
            }]
        }
        Event::UpdatePosted { update } => {
            let position = after.updates.len() - 1;
            update.channels.iter().map(|c| Effect::Send { update: position, channel: c.clone() }).collect()
        }
        Event::Paged { person, channels, text, contacts } => {
            let page =
                |c: &String| Effect::Page { person: person.clone(), channel: c.clone(), text: text.clone() };
            let reach = |c: &PageContact| {
                Effect::Reach(Reach {
                    person: person.clone(),
                    contact: c.clone(),
                    text: text.clone(),
                    page: String::new(),
                    rule: 0,
                    quiet: super::oncall::is_quiet(after),
                })
            };
            channels.iter().map(page).chain(contacts.iter().map(reach)).collect()
        }
        Event::OnCall { event } => super::oncall::effects(after, event),
        Event::StepStarted { plan, step, inverse } => {
            vec![Effect::Act { plan: plan.clone(), step: *step, inverse: *inverse }]
        }
        Event::ArchiveRequested => vec![Effect::ArchiveBundle],
        Event::WritingRequested => vec![Effect::WritePostmortem],
        _ => Vec::new(),
    }
}
