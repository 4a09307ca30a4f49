//! What people do: acknowledge, take roles, note, override severity, write updates.

use super::super::advance::channels_for;
use super::super::command::Rejection;
use super::super::event::{Actor, Event};
use super::super::state::{Incident, PlanState, PlanStatus};
use super::super::timers::after;
use super::required;
use crate::comms::{Audience, Update, UpdateReason};
use crate::cx::Cx;
use crate::severity::{DecidedBy, Decision, Severity};

/// Longest note, task or update.
const MAX_TEXT: usize = 32 * 1024;

pub(super) fn acknowledge(i: &Incident, actor: &Actor) -> Result<Vec<Event>, Rejection> {
    if i.status.is_over() {
        return Err(Rejection::not_now("acknowledging", format!("the incident is {}", i.status.as_str())));
    }
    let by = actor.display().to_owned();
    if i.acknowledged_at.is_some() && i.responders.contains(&by) && i.awaiting_ack.is_none() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::Acknowledged { by }])
}

pub(super) fn assign_role(
    i: &Incident,
    role: &str,
    person: &str,
    cx: &Cx<'_>,
) -> Result<Vec<Event>, Rejection> {
    let role = required("role", role, 64)?;
    let person = required("person", person, 128)?;
    if !cx.policy.people.is_empty() && !cx.policy.people.iter().any(|p| p.name == person) {
        let known: Vec<&str> = cx.policy.people.iter().map(|p| p.name.as_str()).collect();
        return Err(Rejection::invalid(
            "person",
            format!("{person:?} is not configured; known: {}", known.join(", ")),
        ));
    }
    if i.holder(&role) == Some(&person) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::RoleAssigned { role, person: Some(person) }])
}

pub(super) fn note(text: &str) -> Result<Vec<Event>, Rejection> {
    Ok(vec![Event::NoteAdded { text: required("text", text, MAX_TEXT)? }])
}

pub(super) fn add_task(i: &Incident, text: &str, role: &str) -> Result<Vec<Event>, Rejection> {
    let id = i.tasks.keys().next_back().map_or(1, |id| id + 1);
    Ok(vec![Event::TaskAdded { id, text: required("text", text, MAX_TEXT)?, role: role.trim().to_owned() }])
}

pub(super) fn complete_task(i: &Incident, id: u32) -> Result<Vec<Event>, Rejection> {
    match i.tasks.get(&id) {
        None => Err(Rejection::invalid("id", format!("there is no task {id}"))),
        Some(task) if task.done_at.is_some() => Ok(Vec::new()),
        Some(_) => Ok(vec![Event::TaskDone { id }]),
    }
}

pub(super) fn complete_action_item(i: &Incident, id: u32) -> Result<Vec<Event>, Rejection> {
    match i.action_items.get(&id) {
        None => Err(Rejection::invalid("id", format!("there is no action item {id}"))),
        Some(item) if item.done_at.is_some() => Ok(Vec::new()),
        Some(_) => Ok(vec![Event::ActionItemDone { id }]),
    }
}

pub(super) fn set_severity(
    i: &Incident,
    severity: Severity,
    reason: &str,
    actor: &Actor,
    cx: &Cx<'_>,
) -> Result<Vec<Event>, Rejection> {
    let reason = required("reason", reason, 2000)?;
    if i.status.is_over() {
        return Err(Rejection::not_now("changing severity", "the incident is over; reopen it first"));
    }
    if i.severity.severity == severity && matches!(i.severity.by, DecidedBy::Person { .. }) {
        return Ok(Vec::new());
    }
    let name = actor.display().to_owned();
    let to = Decision {
        severity,
        rule: "person".to_owned(),
        because: format!("{name} set {severity}: {reason}"),
        by: DecidedBy::Person { name, reason },
    };
    Ok(severity_events(i, to, cx))
}

/// A change of severity, with what it sets anew: the resolve-by clock and the approvals that waiting plans need.
pub(in super::super) fn severity_events(i: &Incident, to: Decision, cx: &Cx<'_>) -> Vec<Event> {
    let level = cx.policy.levels.of(to.severity);
    let mut events = Vec::new();
    // One that is approved and waits for its turn may need more people now.
    let waiting = |p: &&PlanState| matches!(p.status, PlanStatus::Proposed | PlanStatus::Approved);
    for plan in i.plans.iter().filter(waiting) {
        let needed = super::plans::approvals_needed(&plan.plan, to.severity, cx);
        if needed != plan.approvals_needed {
            events.push(Event::ApprovalsNeededChanged { plan: plan.hash.clone(), needed });
        }
    }
    if to.severity != i.severity.severity && i.clocks.contains_key(&Audience::Internal) {
        let reason = UpdateReason::SeverityChanged;
        events.push(Event::UpdateRequested { audience: Audience::Internal, reason });
    }
    events.insert(
        0,
        Event::SeverityChanged {
            from: i.severity.clone(),
            resolve_by: level.resolve_within_s.map(|s| after(i.opened_at, s)),
            to,
        },
    );
    events
}

/// Takes in a draft. One that has been overtaken is dropped: nothing of a restricted incident goes to customers by
/// itself, nothing but its end is told of an incident that is over, and no all-clear of one that is open again.
pub(super) fn record_update(i: &Incident, update: &Update) -> Vec<Event> {
    let ending = matches!(update.reason, UpdateReason::AllClear | UpdateReason::FalseAlarm);
    let secret = i.restricted && update.audience == Audience::Public;
    if secret || ending != i.status.is_over() {
        return Vec::new();
    }
    let mut update = update.clone();
    if i.restricted && update.audience != Audience::Executives {
        // Drafted before it was restricted: it stays in the room.
        update.channels.clear();
    }
    vec![Event::UpdatePosted { update }]
}

pub(super) fn post_update(
    i: &Incident,
    audience: Audience,
    subject: &str,
    body: &str,
    actor: &Actor,
    cx: &Cx<'_>,
) -> Result<Vec<Event>, Rejection> {
    let update = Update {
        audience,
        reason: UpdateReason::Cadence,
        subject: required("subject", subject, 400)?,
        body: required("body", body, MAX_TEXT)?,
        at: cx.now,
        by: actor.display().to_owned(),
        // A person may tell customers even of a restricted incident; colleagues at large learn nothing of it.
        channels: match audience {
            Audience::Public => cx.policy.channels.get(&audience).cloned().unwrap_or_default(),
            _ => channels_for(i, audience, cx.policy),
        },
        delivered: Vec::new(),
    };
    let mut events = vec![Event::UpdatePosted { update }];
    // A person's update restarts the audience's clock.
    if let Some(clock) = i.clocks.get(&audience)
        && let Some(every_s) = clock.every_s
        && !i.status.is_over()
    {
        events.push(Event::ClockSet { audience, due: Some(after(cx.now, every_s)), every_s: Some(every_s) });
    }
    Ok(events)
}
