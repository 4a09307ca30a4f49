//! How an incident ends, and how it goes on after all.

use super::super::advance::{page, tell_all};
use super::super::command::Rejection;
use super::super::event::{AttachedAlert, Carried, Event};
use super::super::state::sha256;
use super::super::state::{Incident, Status};
use super::super::timers::after;
use super::required;
use crate::comms::UpdateReason;
use crate::cx::Cx;
use crate::ids::IncidentId;
use crate::severity::{DecidedBy, Decision};

pub(super) fn resolve(i: &Incident, summary: &str) -> Result<Vec<Event>, Rejection> {
    if i.status == Status::Resolved {
        return Ok(Vec::new());
    }
    refuse_if_over(i, "resolving")?;
    refuse_mid_action(i, "resolving")?;
    Ok(vec![Event::Resolved { verified: false, summary: required("summary", summary, 4000)? }])
}

pub(super) fn reopen(i: &Incident, reason: &str, cx: &Cx<'_>) -> Result<Vec<Event>, Rejection> {
    if !i.status.is_over() {
        return Ok(Vec::new());
    }
    if i.status == Status::Merged {
        let into = i.merged_into.as_ref().map_or_else(|| "another incident".to_owned(), ToString::to_string);
        return Err(Rejection::not_now("reopening", format!("it goes on in {into}")));
    }
    let why = required("reason", reason, 4000)?;
    // Whoever led it may have gone to sleep: page, and tell those who were told that it is over.
    let text = format!("{} {} is open again: {}", i.severity.severity, i.id, i.title);
    let within = cx.policy.levels.of(i.severity.severity).resolve_within_s;
    let mut events = vec![Event::Reopened { why, resolve_by: within.map(|s| after(cx.now, s)) }];
    events.extend(page(i.commander().map(str::to_owned), &text, cx));
    events.extend(tell_all(i, UpdateReason::Reopened));
    Ok(events)
}

pub(super) fn cancel(i: &Incident, reason: &str) -> Result<Vec<Event>, Rejection> {
    if i.status == Status::Cancelled {
        return Ok(Vec::new());
    }
    refuse_if_over(i, "cancelling")?;
    refuse_mid_action(i, "cancelling")?;
    Ok(vec![Event::Cancelled { reason: required("reason", reason, 4000)? }])
}

pub(super) fn merge(i: &Incident, into: &IncidentId) -> Result<Vec<Event>, Rejection> {
    if i.merged_into.as_ref() == Some(into) {
        return Ok(Vec::new());
    }
    if *into == i.id {
        return Err(Rejection::invalid("into", "an incident cannot be merged into itself"));
    }
    refuse_if_over(i, "merging")?;
    refuse_mid_action(i, "merging")?;
    Ok(vec![Event::MergedInto { into: into.clone() }])
}

pub(super) fn absorb(
    i: &Incident,
    from: &IncidentId,
    title: &str,
    alerts: &[AttachedAlert],
    carried: &Carried,
    cx: &Cx<'_>,
) -> Vec<Event> {
    let new: Vec<AttachedAlert> =
        alerts.iter().filter(|a| !i.alerts.contains_key(&a.fingerprint)).cloned().collect();
    let mut events = vec![Event::Absorbed {
        from: from.clone(),
        title: title.to_owned(),
        carried: Box::new(carried.clone()),
    }];
    let firing: Vec<&str> = new.iter().filter(|a| a.firing).map(|a| a.name.as_str()).collect();
    let regressed = super::alerts::regression(i, &firing);
    if !new.is_empty() {
        events.push(Event::AlertsAttached { alerts: new });
    }
    events.extend(regressed);
    // What is worse of the two holds, unless a person has said how severe this one is.
    if let Some(other) = &carried.severity
        && other.severity < i.severity.severity
        && i.severity.by == DecidedBy::Policy
    {
        let because = format!("{from}, which goes on here, was {}: {}", other.severity, other.because);
        let to = Decision { because, by: DecidedBy::Policy, ..other.clone() };
        events.extend(super::people::severity_events(i, to, cx));
    }
    events
}

pub(super) fn request_postmortem(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    if i.postmortem_wanted {
        return Vec::new();
    }
    let within = cx
        .policy
        .levels
        .of(i.severity.severity)
        .postmortem_within_s
        .unwrap_or(cx.policy.times.learn_within_s);
    let due = Some(after(cx.now, within));
    // Before its end nobody can say when to meet over it.
    let meeting = due.filter(|_| i.status.is_over()).map(|due| crate::review::meeting_at(cx.now, due));
    vec![Event::PostmortemRequested { due, facilitator: super::super::advance::facilitator(i, cx), meeting }]
}

/// Longest postmortem that a person may write, in bytes.
const MAX_POSTMORTEM: usize = 256 * 1024;

pub(super) fn edit_postmortem(i: &Incident, text: &str, base: u64) -> Result<Vec<Event>, Rejection> {
    if i.postmortem.is_none() {
        return Err(Rejection::not_now("editing the postmortem", "it is not written yet"));
    }
    let text = super::required("text", text, MAX_POSTMORTEM)?;
    let last = i.postmortem_edits.last();
    if last.is_some_and(|edit| edit.sha256 == sha256(&text)) {
        return Ok(Vec::new());
    }
    if last.map_or(0, |edit| edit.version) != base {
        let who = last.map_or("somebody", |edit| edit.by.as_str());
        let why = format!("{who} has edited it meanwhile: look at it again and put your changes in there");
        return Err(Rejection::not_now("this edit", why));
    }
    Ok(vec![Event::PostmortemEdited { text }])
}

fn refuse_if_over(i: &Incident, what: &str) -> Result<(), Rejection> {
    if i.status.is_over() {
        return Err(Rejection::not_now(what, format!("the incident is {}", i.status.as_str())));
    }
    Ok(())
}

/// An action that is under way in production is waited for: its outcome belongs to this incident.
fn refuse_mid_action(i: &Incident, what: &str) -> Result<(), Rejection> {
    if i.plans.iter().any(|p| p.step_running) {
        return Err(Rejection::not_now(what, "an action is under way in production; wait for its outcome"));
    }
    Ok(())
}
