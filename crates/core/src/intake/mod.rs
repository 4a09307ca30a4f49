//! From a signal to its incident: route, silence, inhibit, damp, place. Pure; the engine asks these functions in
//! this order for every firing alert that has no incident yet.

mod correlate;
mod inhibit;
mod route;
#[cfg(test)]
mod tests;

pub use correlate::{OpenIncident, Placement, place_alert, place_report};
pub use inhibit::inhibitors;
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

/// Whether an alert turns so often that it says nothing: it no longer opens or reopens incidents.
pub fn is_flapping(alert: &Alert, policy: &Correlation, now: Timestamp) -> bool {
    alert.turns_within(SignedDuration::from_secs(policy.flap_window_s), now) >= policy.flap_turns
}

/// Whether an alert's own label `severity` is one that opens incidents; an alert without the label opens one.
pub fn may_open(alert: &Alert, policy: &Correlation) -> bool {
    alert.labels.get("severity").is_none_or(|s| {
        let s = s.to_lowercase();
        policy.opening_severities.contains(&s)
    })
}
