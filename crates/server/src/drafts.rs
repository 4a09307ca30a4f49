//! What would be told to an audience now: the draft that people edit and send.

use firebell_core::comms::{Audience, Update, UpdateReason};
use firebell_core::cx::Cx;
use firebell_core::incident::{Incident, Status};
use firebell_core::policy::Policy;
use firebell_report::{Error, Templates};
use jiff::Timestamp;

/// The draft for this moment.
///
/// # Errors
/// Where the template does not fit the record; what a person writes is sent all the same.
pub(crate) fn draft(
    templates: &Templates,
    i: &Incident,
    audience: Audience,
    policy: &Policy,
    now: Timestamp,
) -> Result<Update, Error> {
    firebell_report::draft(templates, i, audience, moment(i, audience), &Cx::new(now, policy), "")
}

/// Why an update would go out now; picks the template.
fn moment(i: &Incident, audience: Audience) -> UpdateReason {
    let last = i.updates.iter().rfind(|u| u.audience == audience);
    let told_since = |at: Timestamp| last.is_some_and(|u| u.at >= at);
    match i.status {
        Status::Merged => UpdateReason::Merged,
        Status::Cancelled | Status::ClosedHealthy => UpdateReason::FalseAlarm,
        Status::Resolved => UpdateReason::AllClear,
        _ if last.is_none() => UpdateReason::Declared,
        _ if last.is_some_and(|u| u.reason.is_last()) => UpdateReason::Reopened,
        _ if i.mitigated_at.is_some_and(|at| !told_since(at)) => UpdateReason::Mitigated,
        _ if i.has_cause()
            && !i.updates.iter().any(|u| u.audience == audience && u.reason == UpdateReason::Identified) =>
        {
            UpdateReason::Identified
        }
        _ => UpdateReason::Cadence,
    }
}
