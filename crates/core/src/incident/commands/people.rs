//! What people do: acknowledge, take roles, note, override severity, write updates.

use firebell_oncall::escalation::Command as Ask;

use super::super::advance::{call, channels_for, followers, has_declined, tell_all, you_are};
use super::super::command::Rejection;
use super::super::event::{Actor, Event};
use super::super::oncall::{self, excuse, follow};
use super::super::state::{Awaiting, Incident, PlanState, PlanStatus, RoleHolder};
use super::super::timers::{COMMANDER, after};
use super::required;
use crate::comms::{Audience, Update, UpdateReason};
use crate::cx::Cx;
use crate::severity::{DecidedBy, Decision, IncidentKind, Severity};

/// Longest note, task or update.
const MAX_TEXT: usize = 32 * 1024;

pub(super) fn acknowledge(i: &Incident, actor: &Actor, cx: &Cx<'_>) -> Result<Vec<Event>, Rejection> {
    if i.status.is_over() {
        return Err(Rejection::not_now("acknowledging", format!("the incident is {}", i.status.as_str())));
    }
    let by = actor.display();
    let answered = answered_by(i, by);
    if i.heard_by.contains(by) && answered.is_empty() {
        return Ok(follow(i, &Ask::Acknowledge { person: by.to_owned() }, cx));
    }
    // Who answers in a holder's place is awake, and has the role from now on.
    let can = |role: &String| {
        matches!(actor, Actor::Person { .. })
            && check_person(by, cx).is_ok()
            && !has_declined(i, role, by)
            && i.holder(role) != Some(by)
    };
    let taken: Vec<String> = answered.iter().filter(|role| can(role)).cloned().collect();
    Ok(take(i, by, &taken, answered, cx))
}

/// A person takes roles and answers for them, and for others of theirs. Who was called for what they have lost, and for
/// nothing else, is called no longer.
fn take(i: &Incident, by: &str, taken: &[String], answered: Vec<String>, cx: &Cx<'_>) -> Vec<Event> {
    let give = |role: &String| Event::RoleAssigned { role: role.clone(), person: Some(by.to_owned()) };
    let mut events: Vec<Event> = taken.iter().map(give).collect();
    events.push(Event::Acknowledged { by: by.to_owned(), roles: Some(answered) });
    // On-call is asked as it is after that, so that each of its answers fits the one before it.
    let mut after = i.clone();
    let mut before: Vec<String> = Vec::new();
    for role in taken {
        let holder = RoleHolder { person: Some(by.to_owned()), since: cx.now };
        before.extend(after.roles.insert(role.clone(), holder).and_then(|h| h.person));
    }
    let mut asked = follow(&after, &Ask::Acknowledge { person: by.to_owned() }, cx);
    before.retain(|person| !after.roles.values().any(|h| h.person.as_ref() == Some(person)));
    before.dedup();
    for person in &before {
        for event in &asked {
            if let Event::OnCall { event } = event {
                oncall::apply(&mut after, event, cx.now);
            }
        }
        events.append(&mut asked);
        asked = excuse(&after, person, cx);
    }
    events.extend(asked);
    events
}

/// The roles that a person's acknowledgement answers for: those they hold or were called for. Whoever was not called
/// takes the lead in hand; the other roles' holders are still waited for.
pub(in super::super) fn answered_by(i: &Incident, by: &str) -> Vec<String> {
    let called = |role: &str, w: &Awaiting| i.holder(role) == Some(by) || w.people.iter().any(|p| p == by);
    let mine: Vec<String> =
        i.awaiting.iter().filter(|(role, w)| called(role, w)).map(|(role, _)| role.clone()).collect();
    if !mine.is_empty() || i.heard_by.contains(by) {
        return mine;
    }
    let lead = i.lead().map(|(role, _)| role.to_owned()).filter(|role| i.awaiting.contains_key(role));
    lead.or_else(|| i.awaiting.keys().next().filter(|_| i.heard_by.is_empty()).cloned()).into_iter().collect()
}

pub(super) fn assign_role(
    i: &Incident,
    role: &str,
    person: &str,
    actor: &Actor,
    cx: &Cx<'_>,
) -> Result<Vec<Event>, Rejection> {
    let role = required("role", role, 64)?;
    let person = required("person", person, 128)?;
    check_person(&person, cx)?;
    let roles = cx.policy.roles();
    if !roles.contains(role.as_str()) {
        let known: Vec<&str> = roles.into_iter().collect();
        return Err(Rejection::invalid("role", format!("{role:?} is no role; known: {}", known.join(", "))));
    }
    let holds = i.holder(&role) == Some(person.as_str());
    if holds && (i.is_accepted(&role) || actor.display() != person) {
        return Ok(Vec::new());
    }
    if matches!(actor, Actor::Person { .. }) && actor.display() == person && !i.status.is_over() {
        return Ok(take_role(i, role, &person, cx));
    }
    let mut events = vec![Event::RoleAssigned { role: role.clone(), person: Some(person.clone()) }];
    // Who was given a role by somebody else must hear of it.
    if actor.display() != person && !i.status.is_over() {
        events.extend(call(i, Some(person), &you_are(i, &role), cx));
    }
    Ok(events)
}

/// A person takes a role themselves, or accepts the one that they were given. That they are awake answers for all roles
/// that they hold; those of others stay with them.
fn take_role(i: &Incident, role: String, person: &str, cx: &Cx<'_>) -> Vec<Event> {
    let mine = |r: &String| *r == role || i.holder(r) == Some(person);
    let answered: Vec<String> = i.awaiting.keys().filter(|r| mine(r)).cloned().collect();
    let taken = if i.holder(&role) == Some(person) { Vec::new() } else { vec![role.clone()] };
    // Who takes a role that nobody was called for, and does not lead by it, answers no call.
    if answered.is_empty() && (i.heard_by.contains(person) || !leads(i, &role)) {
        return vec![Event::RoleAssigned { role, person: Some(person.to_owned()) }];
    }
    take(i, person, &taken, answered, cx)
}

/// Whether whoever holds the role leads the incident.
fn leads(i: &Incident, role: &str) -> bool {
    role == COMMANDER || i.lead().is_some_and(|(lead, _)| lead == role)
}

/// Refuses a person of whom neither the configuration nor the roster knows.
pub(super) fn check_person(person: &str, cx: &Cx<'_>) -> Result<(), Rejection> {
    let known = cx.people();
    if known.is_empty() || known.contains(&person) {
        return Ok(());
    }
    Err(Rejection::invalid("person", format!("{person:?} is not configured; known: {}", known.join(", "))))
}

pub(super) fn set_kind(i: &Incident, kind: IncidentKind, restricted: Option<bool>) -> Vec<Event> {
    // A restriction that came with security goes with it; one that a person set stays until a person lifts it.
    let kept = i.restricted && i.kind != IncidentKind::Security;
    let restricted = restricted.unwrap_or(kind == IncidentKind::Security || kept);
    if (i.kind, i.restricted, i.kind_by_person) == (kind, restricted, true) {
        return Vec::new();
    }
    vec![Event::KindChanged { kind, restricted }]
}

pub(super) fn note(text: &str) -> Result<Vec<Event>, Rejection> {
    Ok(vec![Event::NoteAdded { text: required("text", text, MAX_TEXT)? }])
}

pub(super) fn add_task(i: &Incident, text: &str, role: &str) -> Result<Vec<Event>, Rejection> {
    let (text, role) = (required("text", text, MAX_TEXT)?, role.trim().to_owned());
    Ok(vec![Event::TaskAdded { id: i.next_task(), text, role, checklist: false }])
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

/// A change of severity, with what it sets anew: the resolve-by clock, the approvals that waiting plans need, and the
/// roles that are not needed any more.
pub(in super::super) fn severity_events(i: &Incident, to: Decision, cx: &Cx<'_>) -> Vec<Event> {
    let level = cx.policy.levels.of(to.severity);
    let mut events = Vec::new();
    // One that is approved and waits for its turn may need more people now.
    let waiting = |p: &&PlanState| matches!(p.status, PlanStatus::Proposed | PlanStatus::Approved);
    for plan in i.plans.iter().filter(waiting) {
        let before = super::plans::approvals_needed(&plan.plan, i.severity.severity, cx);
        let needed = super::plans::approvals_needed(&plan.plan, to.severity, cx);
        let mine = |name: &String| plan.approvals.iter().any(|a| a.go && a.by == *name);
        let lowers = needed < before
            && needed < plan.approvals_needed
            // Whoever said go cannot make their own word enough.
            && !matches!(&to.by, DecidedBy::Person { name, .. } if mine(name));
        if needed > plan.approvals_needed || lowers {
            events.push(Event::ApprovalsNeededChanged { plan: plan.hash.clone(), needed });
        }
    }
    // What is lowered to cosmetic ends at once, with all who led it.
    if to.severity > i.severity.severity && to.severity != Severity::Sev4 {
        let before = &cx.policy.levels.of(i.severity.severity).roles;
        let idle = before.iter().filter(|role| !level.roles.contains(role) && i.roles.contains_key(*role));
        events.extend(idle.map(|role| Event::RoleReleased { role: role.clone() }));
    }
    if to.severity != i.severity.severity && to.severity != Severity::Sev4 {
        events.extend(tell_all(i, UpdateReason::SeverityChanged));
    }
    events.insert(
        0,
        Event::SeverityChanged {
            from: i.severity.clone(),
            resolve_by: level.resolve_within_s.map(|s| after(i.open_since, s)),
            to,
        },
    );
    events
}

/// Takes in a draft. One that has been overtaken is dropped: nothing of a restricted incident goes to customers by
/// itself, nothing but its end is told of an incident that is over, and no all-clear of one that is open again.
pub(super) fn record_update(i: &Incident, update: &Update) -> Vec<Event> {
    let ending = update.reason.is_last();
    let secret = i.is_secret() && update.audience == Audience::Public;
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
        by_person: true,
        delivered: Vec::new(),
    };
    let mut events = vec![Event::UpdatePosted { update }];
    // A person's update restarts the audience's clock.
    if let Some(clock) = i.clocks.get(&audience)
        && let Some(every_s) = clock.every_s
        && !i.status.is_over()
    {
        events.push(Event::ClockSet { audience, due: Some(after(cx.now, every_s)), every_s: Some(every_s) });
        if audience == Audience::Internal {
            // Who follows this clock must not wait a whole turn more because a person was faster than it.
            let told = followers(i, cx).into_iter();
            events.extend(
                told.map(|audience| Event::UpdateRequested { audience, reason: UpdateReason::Cadence }),
            );
        }
    }
    Ok(events)
}
