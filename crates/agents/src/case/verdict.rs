//! From telemetry to the verdict, and the challenge to its leader.

use firebell_core::incident::Incident;
use firebell_core::policy::Policy;
use firebell_core::telemetry::{ClusterObject, Telemetry};
use firebell_core::verdict::{Outcome, Verdict};
use firebell_rca::{Prior, Settings, investigate};

use super::assemble::{Recorded, assemble};
use crate::run::clip;
use crate::tools::PAST_KIND;

/// The verdict on recorded evidence. Equal incident, policy and evidence give an equal verdict; `stats.wall_ms` is 0
/// and is set by whoever has a clock.
pub fn verdict_of(incident: &Incident, policy: &Policy, evidence: Vec<Recorded>) -> Verdict {
    let mut telemetry = assemble(incident, policy, evidence);
    // What past incidents came to is a hint, not a symptom of this one.
    let (past, objects) = telemetry.objects.drain(..).partition(is_past);
    telemetry.objects = objects;
    let settings = settings(incident, policy, &telemetry, &past);
    investigate(&telemetry, &settings)
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
    let id = |name: &String| policy.service(name).map_or_else(|| name.clone(), |s| s.component_id());
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
    Settings { known_topology: telemetry.topology.clone(), priors, focus }
}

/// The strongest rival of the leader, and what decides between them. `None` where nobody leads or nobody rivals.
pub(crate) fn challenge(verdict: &Verdict) -> Option<(String, Vec<String>)> {
    if verdict.verdict != Outcome::Cause {
        return None;
    }
    let leader = verdict.hypotheses.first()?;
    let rival = verdict
        .hypotheses
        .iter()
        .skip(1)
        .find(|h| h.component != leader.component || h.cause != leader.cause)?;
    let mut why: Vec<String> = rival.against.iter().map(|e| clip(&e.reading, 200)).collect();
    why.extend(rival.expected_but_absent.iter().map(|a| clip(a, 200)));
    let carries = leader.path.iter().any(|p| p.to == rival.component);
    if carries {
        why.push(format!("the harm at {} is received from {}", rival.component, leader.component));
    }
    if why.is_empty() {
        why.push(format!(
            "it explains less: confidence {:.2} against {:.2}, {} against {} pieces of evidence",
            rival.confidence,
            leader.confidence,
            rival.evidence.len(),
            leader.evidence.len()
        ));
    }
    let mut claim = format!(
        "challenged {} at {} with its best rival, {} at {}: the leader stands",
        leader.cause, leader.component, rival.cause, rival.component
    );
    if leader.confidence - rival.confidence < 0.1 {
        claim = format!("{claim}, but closely; keep both in mind");
    }
    for doubt in leader.against.iter().map(|e| &e.reading).chain(&leader.expected_but_absent).take(2) {
        claim.push_str(&format!("; against the leader: {}", clip(doubt, 160)));
    }
    Some((claim, why))
}
