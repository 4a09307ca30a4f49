//! Drafting one update.

use firebell_core::comms::{Audience, Update, UpdateReason};
use firebell_core::cx::Cx;
use firebell_core::incident::{Incident, channels_for};
use firebell_core::severity::IncidentKind;

use super::templates::Templates;
use super::view::{Escape, context};
use crate::error::Error;
use crate::text;

/// Characters of a subject.
const MAX_SUBJECT: usize = 200;

/// Drafts the update of `incident` to `audience`, as of `cx.now`; `by` is who drafts.
///
/// # Errors
/// [`Error::Restricted`] for the status page of a restricted incident; [`Error::Template`] if a template does not
/// render.
pub fn draft(
    templates: &Templates,
    incident: &Incident,
    audience: Audience,
    reason: UpdateReason,
    cx: &Cx<'_>,
    by: &str,
) -> Result<Update, Error> {
    if audience == Audience::Public && (incident.restricted || incident.kind == IncidentKind::Security) {
        return Err(Error::Restricted {
            audience: audience.as_str().to_owned(),
            incident: incident.id.to_string(),
        });
    }
    let plain = context(incident, audience, reason, cx, Escape::Line);
    let escaped = context(incident, audience, reason, cx, Escape::Markdown);
    let (subject, body) = templates.render(audience, reason, &plain, &escaped)?;
    let (mut subject, mut body) = (text::line(&subject, MAX_SUBJECT), body.trim().to_owned());
    if incident.drill {
        // In code rather than in the templates, so that no edited template can lose it.
        subject = text::line(&format!("Drill: {subject}"), MAX_SUBJECT);
        body = format!("This is a drill: nothing is wrong.\n\n{body}");
    }
    Ok(Update {
        audience,
        reason,
        subject,
        body,
        at: cx.now,
        by: by.to_owned(),
        channels: channels_for(incident, audience, cx.policy),
        by_person: false,
        delivered: Vec::new(),
    })
}
