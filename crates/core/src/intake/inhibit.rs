//! Inhibition: while one alert fires, others that it explains stay quiet.

use crate::alert::Alert;
use crate::policy::InhibitRule;
use crate::telemetry::Labels;

/// Fingerprints of the firing alerts that inhibit `alert`. An alert never inhibits itself.
pub fn inhibitors<'a>(
    rules: &[InhibitRule],
    alert: &Alert,
    firing: impl IntoIterator<Item = &'a Alert>,
) -> Vec<String> {
    let applicable: Vec<&InhibitRule> = rules.iter().filter(|r| meets(&r.target, &alert.labels)).collect();
    if applicable.is_empty() {
        return Vec::new();
    }
    firing
        .into_iter()
        .filter(|other| other.fingerprint != alert.fingerprint && other.firing)
        .filter(|other| {
            applicable.iter().any(|rule| {
                meets(&rule.source, &other.labels)
                    && rule.equal.iter().all(|l| other.labels.get(l) == alert.labels.get(l))
            })
        })
        .map(|other| other.fingerprint.0.clone())
        .collect()
}

/// Whether an alert with these labels could inhibit another.
pub fn may_inhibit(rules: &[InhibitRule], labels: &Labels) -> bool {
    rules.iter().any(|rule| meets(&rule.source, labels))
}

fn meets(wanted: &std::collections::BTreeMap<String, String>, labels: &Labels) -> bool {
    wanted.iter().all(|(name, value)| labels.get(name) == Some(value))
}
