//! What rooms are told: the record in the words of the timeline, what concerns people in a room of it.

use super::super::event::{Event, EventRecord};
use super::super::state::Incident;
use super::super::timeline::describe;
use super::super::trackers::IssueEvent;
use super::RoomEvent;
use super::due::by_person;
use crate::comms::Audience;

/// What a room of `chat` is told of an event; none where it is no news there.
pub fn line(record: &EventRecord, chat: &str) -> Option<String> {
    let text = || describe(record).text;
    let text = match &record.event {
        Event::UpdatePosted { update } if update.audience == Audience::Internal => {
            return Some(format!("Update by {}: {}\n\n{}", update.by, update.subject, update.body));
        }
        Event::UpdatePosted { update } if update.audience == Audience::Public => {
            return Some(format!("Posted to the status page: {}", update.subject));
        }
        Event::SeverityChanged { from, to, .. } if from.severity == to.severity => return None,
        // People will look at it where it is to be decided.
        Event::PlansProposed { plans, .. } if plans.is_empty() => return None,
        Event::StepFinished { ok: true, .. } => return None,
        Event::NoteAdded { .. } | Event::Acknowledged { .. } if !by_person(record) => return None,
        // A room that cannot be spoken to is not told so.
        Event::EffectDied { effect, .. } if is_of_rooms(effect) => return None,
        Event::SeverityChanged { .. }
        | Event::KindChanged { .. }
        | Event::ReportAttached { .. }
        | Event::RoleAssigned { .. }
        | Event::RoleDeclined { .. }
        | Event::Acknowledged { .. }
        | Event::Escalated { .. }
        | Event::NoteAdded { .. }
        | Event::VerdictReached { .. }
        | Event::PlansProposed { .. }
        | Event::Decided { .. }
        | Event::StepStarted { .. }
        | Event::StepFinished { .. }
        | Event::RecoveryWatched { .. }
        | Event::PlanUndone { .. }
        | Event::Regressed { .. }
        | Event::Resolved { .. }
        | Event::Reopened { .. }
        | Event::ClosedHealthy { .. }
        | Event::Cancelled { .. }
        | Event::MergedInto { .. }
        | Event::Absorbed { .. }
        | Event::EffectDied { .. } => text(),
        Event::Room(RoomEvent::BridgeOpened { .. }) => text(),
        Event::Issue(IssueEvent::Lost { .. } | IssueEvent::Unseen { reason: Some(_), .. }) => text(),
        // What was said here is known here.
        Event::Room(RoomEvent::Said(said)) if said.chat != chat => text(),
        _ => return None,
    };
    let who = if by_person(record) { format!("{}: ", record.actor.display()) } else { String::new() };
    Some(format!("{who}{text}"))
}

fn is_of_rooms(effect: &str) -> bool {
    super::RoomEffect::KINDS.contains(&effect)
}

/// The opening message: what it is, who leads, where people go.
pub fn welcome(i: &Incident, markers: &[String]) -> String {
    let mut lines = vec![format!("{} {}: {}", i.severity.severity, i.id, i.title)];
    if i.drill {
        lines.push("This is a drill.".to_owned());
    }
    if let Some(impact) = &i.impact {
        lines.push(format!("Impact: {impact}"));
    }
    let roles = i.roles.iter().filter_map(|(role, holder)| {
        Some(format!("{}: {}", role.replace('_', " "), holder.person.as_ref()?))
    });
    let roles: Vec<String> = roles.collect();
    if !roles.is_empty() {
        lines.push(roles.join(", "));
    }
    if let Some(bridge) = &i.rooms.bridge
        && let Some(link) = &bridge.link
    {
        let detail = if bridge.detail.is_empty() { String::new() } else { format!(" ({})", bridge.detail) };
        lines.push(format!("Bridge: {link}{detail}"));
    }
    if let Some(marker) = markers.first() {
        lines.push(format!("What begins with {marker} goes into the timeline."));
    }
    lines.join("\n")
}
