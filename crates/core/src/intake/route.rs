//! Which service an alert is about.

use crate::policy::Policy;
use crate::telemetry::Labels;

/// Labels that name a service, most telling first.
const SERVICE_LABELS: [&str; 8] =
    ["service", "service_name", "component", "app", "application", "job", "deployment", "container"];

/// The service that labels name: one of the catalogue by name, alias or component id; else, where a label `service`
/// or `component` names one that the catalogue does not know, that name as it is.
pub fn route(labels: &Labels, policy: &Policy) -> Option<String> {
    for label in SERVICE_LABELS {
        if let Some(service) = labels.get(label).and_then(|value| policy.service(value)) {
            return Some(service.name.clone());
        }
    }
    ["service", "service_name", "component", "app"]
        .iter()
        .find_map(|l| labels.get(*l))
        .filter(|v| !v.is_empty())
        .map(|v| v.rsplit('/').next().unwrap_or(v).to_owned())
}
