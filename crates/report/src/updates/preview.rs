//! What would go out, shown by an example.

use firebell_core::comms::{Audience, Update, UpdateReason};
use firebell_core::cx::Cx;
use firebell_core::policy::Policy;

use super::draft::draft;
use super::sample;
use super::templates::Templates;
use crate::error::Error;
use crate::tone::{self, Knows, Remark};

/// The update to an audience at a moment of an incident that is made up, under a policy; with what the rules of tone say of
/// it.
///
/// # Errors
/// [`Error::Template`] if the template does not render.
pub fn preview(
    templates: &Templates,
    policy: &Policy,
    audience: Audience,
    reason: UpdateReason,
) -> Result<(Update, Vec<Remark>), Error> {
    let (incident, policy, now) = sample::at(policy, reason);
    let cx = Cx::new(now, &policy);
    let update = draft(templates, &incident, audience, reason, &cx, "incident-responder")?;
    let remarks = tone::remarks(&Knows::of(&incident, audience, &policy, []), &update.subject, &update.body);
    Ok((update, remarks))
}
