//! The group that a sender put its alerts in, where it says what they have in common.

use firebell_core::telemetry::Labels;

use super::limits;
use super::object::Object;

/// Labels that say where something runs or what kind of thing it is: alerts that share no more than these need not have
/// one cause.
const BROAD: [&str; 14] = [
    "alertname",
    "cluster",
    "namespace",
    "region",
    "zone",
    "datacenter",
    "env",
    "environment",
    "severity",
    "priority",
    "job",
    "team",
    "grafana_folder",
    "receiver",
];

/// The key of the group in an Alertmanager's or a Grafana's webhook: only if it groups by a label that binds. It is
/// never worth losing an alert for: what cannot be read is no group.
pub(crate) fn group_key(envelope: &Object<'_>) -> Option<String> {
    let labels = envelope.labels("groupLabels").ok()?;
    let binds = |(name, value): (&String, &String)| !value.is_empty() && !BROAD.contains(&name.as_str());
    if !labels.iter().any(binds) {
        return None;
    }
    let key = envelope.filled("groupKey").ok()?.unwrap_or_else(|| written(&labels));
    (key.len() <= limits::LABEL_NAME).then_some(key)
}

fn written(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", pairs.join(", "))
}
