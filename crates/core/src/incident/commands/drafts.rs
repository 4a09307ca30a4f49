//! Drafts of updates that are due soon: asked for ahead, read and edited by people, posted at their time.

use jiff::Timestamp;

use super::super::advance::{channels_for, followers};
use super::super::command::Rejection;
use super::super::event::Event;
use super::super::state::Incident;
use super::required;
use crate::comms::{Audience, Update, UpdateReason};
use crate::cx::Cx;

/// Longest body.
const MAX_TEXT: usize = 32 * 1024;

/// The timer of an audience's draft rang: it is asked for, with those of whoever is told with it.
pub(super) fn ask(i: &Incident, audience: Audience, cx: &Cx<'_>) -> Vec<Event> {
    let clock = i.clocks.get(&audience).and_then(|c| c.due);
    let level = cx.policy.levels.of(i.severity.severity);
    let again = || level.executives_again_after_s.map(|s| super::super::timers::after(i.open_since, s));
    let due = clock.or_else(|| again().filter(|_| audience == Audience::Executives));
    let Some(due) = due else { return Vec::new() };
    let mut audiences = vec![audience];
    if audience == Audience::Internal {
        audiences.extend(followers(i, cx));
    }
    audiences.into_iter().map(|audience| Event::DraftRequested { audience, due }).collect()
}

/// What goes out to an audience when its clock rings: what a person made of the draft, else one that is made now.
pub(super) fn out(i: &Incident, audience: Audience, cx: &Cx<'_>) -> Event {
    let secret = audience == Audience::Public && i.is_secret();
    let edited = i.ahead.get(&audience).filter(|a| a.due <= cx.now && !secret).and_then(|a| a.edited());
    match edited {
        None => Event::UpdateRequested { audience, reason: UpdateReason::Cadence },
        Some(draft) => Event::UpdatePosted {
            update: Update {
                audience,
                reason: UpdateReason::Cadence,
                subject: draft.subject.clone(),
                body: draft.body.clone(),
                at: cx.now,
                by: draft.by.clone(),
                by_person: true,
                channels: channels_for(i, audience, cx.policy),
                delivered: Vec::new(),
            },
        },
    }
}

/// Whether a person has edited the draft that is due now.
pub(super) fn is_edited(i: &Incident, audience: Audience, cx: &Cx<'_>) -> bool {
    matches!(out(i, audience, cx), Event::UpdatePosted { .. })
}

/// Takes in a draft. One that has been overtaken, or edited meanwhile, is dropped.
pub(super) fn record(
    i: &Incident,
    audience: Audience,
    due: Timestamp,
    subject: &str,
    body: &str,
) -> Vec<Event> {
    let waits = i.ahead.get(&audience).is_some_and(|a| a.due == due && a.edited().is_none());
    if !waits || i.status.is_over() || (audience == Audience::Public && i.is_secret()) {
        return Vec::new();
    }
    let (subject, body) = (subject.to_owned(), body.to_owned());
    vec![Event::UpdateDrafted { audience, due, subject, body, edited: false }]
}

/// A person changes a draft.
pub(super) fn edit(
    i: &Incident,
    audience: Audience,
    subject: &str,
    body: &str,
) -> Result<Vec<Event>, Rejection> {
    let Some(ahead) = i.ahead.get(&audience) else {
        let why = format!("no {} update is due soon; post one instead", audience.as_str());
        return Err(Rejection::not_now("editing the draft", why));
    };
    let (subject, body) = (required("subject", subject, 400)?, required("body", body, MAX_TEXT)?);
    if ahead.edited().is_some_and(|d| d.subject == subject && d.body == body) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::UpdateDrafted { audience, due: ahead.due, subject, body, edited: true }])
}
