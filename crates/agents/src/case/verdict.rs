//! From telemetry to the verdict, whose leader the analysis has challenged.

use firebell_core::incident::Incident;
use firebell_core::policy::Policy;
use firebell_core::telemetry::{ClusterObject, Telemetry};
use firebell_core::verdict::Verdict;
use firebell_rca::{Prior, Settings, investigate};

use super::assemble::{Recorded, assemble};
use super::doubt::{doubt, last_asked};
use crate::tools::PAST_KIND;

/// The verdict on recorded evidence, after its challenge. Equal incident, policy and evidence give an equal verdict;
/// `stats.wall_ms` is 0 and is set by whoever has a clock.
pub fn verdict_of(incident: &Incident, policy: &Policy, evidence: Vec<Recorded>) -> Verdict {
    judge(incident, policy, evidence)
}

/// See [`verdict_of`].
pub(crate) fn judge(incident: &Incident, policy: &Policy, evidence: Vec<Recorded>) -> Verdict {
    let mut telemetry = assemble(incident, policy, evidence);
    // What past incidents came to is a hint, not a symptom of this one.
    let (past, objects) = telemetry.objects.drain(..).partition(is_past);
    telemetry.objects = objects;
    let settings = settings(incident, policy, &telemetry, &past);
    let mut verdict = investigate(&telemetry, &settings);
    doubt(incident, last_asked(incident), &mut verdict);
    verdict
}

fn is_past(object: &ClusterObject) -> bool {
    object.object.get("kind").and_then(|k| k.as_str()) == Some(PAST_KIND)
}

/// What the analysis is told beside the telemetry.
pub(crate) fn settings(
    incident: &Incident,
    policy: &Policy,
    telemetry: &Telemetry,
    past: &[ClusterObject],
) -> Settings {
    let id = |name: &String| policy.id_of(name);
    let mut focus: Vec<String> = incident.services.iter().map(id).collect();
    let alerts = incident.alerts.values().filter_map(|a| a.service.as_ref()).map(id);
    focus.extend(alerts);
    focus.sort();
    focus.dedup();
    let priors = past
        .iter()
        .filter_map(|o| {
            Some(Prior {
                component: o.object.get("component")?.as_str()?.to_owned(),
                cause: o.object.get("cause")?.as_str()?.to_owned(),
                weight: o.object.get("similarity")?.as_f64()?.clamp(0.0, 1.0),
            })
        })
        .collect();
    let slos = policy.services.iter().filter_map(|s| Some((s.component_id(), s.slo_availability?))).collect();
    Settings { known_topology: telemetry.topology.clone(), priors, focus, slos }
}
