//! From a signal to its incident: route, silence, inhibit, damp, place. Pure; the engine asks these functions in
//! this order for every firing alert that has no incident yet.

mod correlate;
mod inhibit;
mod named;
mod open;
mod route;
#[cfg(test)]
mod tests;

pub use correlate::{OpenIncident, Placement, place_alert, place_report};
pub use inhibit::{inhibitors, may_inhibit};
pub use named::named_services;
pub use open::OpenIncidents;
pub use route::route;

use jiff::{SignedDuration, Timestamp};

use crate::alert::Alert;
use crate::policy::Correlation;
use crate::silence::Silence;
use crate::telemetry::Labels;

/// Ids of the silences that cover these labels now.
pub fn silenced_by(silences: &[Silence], labels: &Labels, now: Timestamp) -> Vec<String> {
    silences.iter().filter(|s| s.covers(labels, now)).map(|s| s.id.clone()).collect()
}

/// The label by which a sender, or the source that reads it, marks a trial alert: it is kept and shown, and is no
/// reason for an incident.
pub const TRIAL_LABEL: &str = "firebell_test";

/// Whether an alert was only sent to see whether alerts arrive.
pub fn is_trial(alert: &Alert) -> bool {
    alert.labels.get(TRIAL_LABEL).is_some_and(|v| v == "true")
}

/// Whether an alert turns so often that it says nothing: it no longer opens or reopens incidents.
pub fn is_flapping(alert: &Alert, policy: &Correlation, now: Timestamp) -> bool {
    alert.turns_within(SignedDuration::from_secs(policy.flap_window_s), now) >= policy.flap_turns
}

/// Whether an alert's own label `severity` is one that opens incidents; an alert without the label opens one.
pub fn may_open(alert: &Alert, policy: &Correlation) -> bool {
    !is_trial(alert)
        && alert
            .labels
            .get("severity")
            .is_none_or(|s| policy.opening_severities.iter().any(|o| o.eq_ignore_ascii_case(s)))
}
