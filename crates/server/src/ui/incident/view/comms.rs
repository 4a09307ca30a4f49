//! What each audience was told, when it hears next, and what could be sent now.

use firebell_core::comms::Audience;
use firebell_core::incident::Incident;
use firebell_core::policy::Policy;
use jiff::Timestamp;
use serde::Serialize;

use super::Around;
use super::record::{self, Tone, UpdateView};
use crate::drafts;
use crate::ui::words;

/// An audience.
#[derive(Debug, Serialize)]
pub(super) struct AudienceView {
    key: &'static str,
    title: &'static str,
    who: &'static str,
    last: Option<UpdateView>,
    posted: usize,
    /// When the next is due, how long that is from now, whether that has passed.
    next: Option<(Timestamp, String, bool)>,
    every: Option<String>,
    /// Where it would go.
    channels: Vec<String>,
    draft: Option<DraftView>,
    /// Why there is no draft.
    why_not: Option<String>,
    /// The update that is due soon.
    ahead: Option<AheadView>,
}

/// An update that is due soon.
#[derive(Debug, Serialize)]
struct AheadView {
    at: Timestamp,
    clock: String,
    /// Nothing while it is being drafted.
    draft: Option<(String, String)>,
    edited_by: Option<String>,
    /// What the rules of tone say of what somebody wrote.
    remarks: Vec<String>,
}

fn ahead(i: &Incident, audience: Audience, tone: &Tone) -> Option<AheadView> {
    let ahead = i.ahead.get(&audience).filter(|_| !i.status.is_over())?;
    Some(AheadView {
        at: ahead.due,
        clock: words::clock(ahead.due).chars().take(5).collect(),
        draft: ahead.draft.as_ref().map(|d| (d.subject.clone(), d.body.clone())),
        edited_by: ahead.edited().map(|d| d.by.clone()),
        remarks: ahead.edited().map(|d| tone.of(audience, &d.subject, &d.body)).unwrap_or_default(),
    })
}

#[derive(Debug, Serialize)]
struct DraftView {
    subject: String,
    body: String,
    reason: String,
}

/// All of them. Drafts are made for those who may send them.
pub(super) fn of(
    i: &Incident,
    around: &Around<'_>,
    policy: &Policy,
    now: Timestamp,
    wants_drafts: bool,
) -> Vec<AudienceView> {
    Audience::ALL
        .into_iter()
        .map(|audience| {
            let (title, who) = match audience {
                Audience::Internal => ("Internal", "responders and colleagues"),
                Audience::Public => ("Public", "customers, on the status page"),
                Audience::Support => ("Support", "those who answer customers"),
                Audience::Executives => ("Executives", "who answer for the whole"),
            };
            let own = || i.updates.iter().filter(|u| u.audience == audience);
            let clock = i.clocks.get(&audience);
            let due = clock.and_then(|c| c.due).filter(|_| !i.status.is_over());
            let made = wants_drafts.then(|| drafts::draft(around.templates, i, audience, policy, now));
            let (channels, drafted, why_not) = match made {
                None => (Vec::new(), None, None),
                Some(Ok(update)) => {
                    let reason = update.reason.as_str().replace('_', " ");
                    let view = DraftView { subject: update.subject, body: update.body, reason };
                    (update.channels, Some(view), None)
                }
                Some(Err(error)) => (Vec::new(), None, Some(error.to_string())),
            };
            AudienceView {
                key: audience.as_str(),
                title,
                who,
                last: own().next_back().map(|u| record::update(u, around.tone)),
                posted: own().count(),
                next: due.map(|due| {
                    let left = words::between(now, due);
                    (due, words::span(left.abs()), left < 0)
                }),
                every: clock.and_then(|c| c.every_s).map(words::span),
                channels,
                draft: drafted,
                why_not,
                ahead: ahead(i, audience, around.tone).filter(|_| wants_drafts),
            }
        })
        .collect()
}
