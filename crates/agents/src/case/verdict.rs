//! From telemetry to the verdict, and the challenge to its leader.

use firebell_core::incident::Incident;
use firebell_core::policy::Policy;
use firebell_core::telemetry::{ClusterObject, Telemetry};
use firebell_core::verdict::{EvidenceRef, Hypothesis, Outcome, Verdict};
use firebell_rca::{Prior, Settings, investigate};

use super::assemble::{Recorded, assemble};
use super::doubt::{doubt, last_asked};
use crate::run::clip;
use crate::tools::PAST_KIND;

/// The verdict on recorded evidence, after its challenge. Equal incident, policy and evidence give an equal verdict;
/// `stats.wall_ms` is 0 and is set by whoever has a clock.
pub fn verdict_of(incident: &Incident, policy: &Policy, evidence: Vec<Recorded>) -> Verdict {
    judge(incident, policy, evidence).0
}

/// The verdict and how its leader stood the challenge.
pub(crate) fn judge(
    incident: &Incident,
    policy: &Policy,
    evidence: Vec<Recorded>,
) -> (Verdict, Option<Challenge>) {
    let mut telemetry = assemble(incident, policy, evidence);
    // What past incidents came to is a hint, not a symptom of this one.
    let (past, objects) = telemetry.objects.drain(..).partition(is_past);
    telemetry.objects = objects;
    let settings = settings(incident, policy, &telemetry, &past);
    let mut verdict = investigate(&telemetry, &settings);
    let challenge = challenge(&mut verdict);
    doubt(incident, last_asked(incident), &mut verdict);
    (verdict, challenge)
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

/// What came of the attempt to refute the leader.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Challenge {
    /// In a sentence.
    pub(crate) claim: String,
    /// What speaks against the rival, or for it.
    pub(crate) why: Vec<String>,
}

/// What is left of the leader's confidence for each thing against it that its rival explains.
const EXPLAINED_AWAY: f64 = 0.75;

/// Holds the strongest rival against the leader. What speaks against the leader and for the rival costs the leader
/// confidence; where that leaves it behind the rival, the evidence settles nothing. `None` where nobody leads or nobody
/// rivals.
pub(crate) fn challenge(verdict: &mut Verdict) -> Option<Challenge> {
    if verdict.verdict != Outcome::Cause {
        return None;
    }
    let leader = verdict.hypotheses.first()?;
    let rival = verdict
        .hypotheses
        .iter()
        .skip(1)
        .find(|h| h.component != leader.component || h.cause != leader.cause)?;
    let explained: Vec<String> = explains(rival, leader);
    let before = leader.confidence;
    let after = explained.iter().fold(before, |c, _| c * EXPLAINED_AWAY);
    // Three digits, as all confidence has.
    let after = (after * 1000.0).round() / 1000.0;
    let names = format!(
        "challenged {} at {} with its best rival, {} at {}",
        leader.cause, leader.component, rival.cause, rival.component
    );
    if !explained.is_empty() {
        let why: Vec<String> =
            explained.iter().map(|t| format!("the rival explains: {}", clip(t, 200))).collect();
        let refuted = after <= rival.confidence;
        let claim = if refuted {
            format!(
                "{names}: the rival explains what speaks against the leader, whose confidence falls from {before:.2} \
                 to {after:.2} against {:.2}; the evidence does not settle it",
                rival.confidence
            )
        } else {
            format!(
                "{names}: the leader stands, its confidence falls from {before:.2} to {after:.2} because the rival \
                 explains what speaks against it"
            )
        };
        let gap = format!(
            "{} at {} and {} at {} explain the same: what would tell them apart was not seen",
            leader.cause, leader.component, rival.cause, rival.component
        );
        if let Some(leader) = verdict.hypotheses.first_mut() {
            leader.confidence = after;
        }
        if refuted {
            verdict.verdict = Outcome::InsufficientEvidence;
            verdict.gaps.push(gap);
        }
        return Some(Challenge { claim, why });
    }
    let mut why: Vec<String> = rival.against.iter().map(|e| clip(&e.reading, 200)).collect();
    why.extend(rival.expected_but_absent.iter().map(|a| clip(a, 200)));
    let carries = leader.path.iter().any(|p| p.to == rival.component);
    if carries {
        why.push(format!("the harm at {} is received from {}", rival.component, leader.component));
    }
    if why.is_empty() {
        why.push(format!(
            "{} at {} explains less: confidence {:.2} against {:.2}, {} against {} pieces of evidence",
            rival.cause,
            rival.component,
            rival.confidence,
            leader.confidence,
            rival.evidence.len(),
            leader.evidence.len()
        ));
    }
    let mut claim = format!("{names}: the leader stands");
    if leader.confidence - rival.confidence < 0.1 {
        claim = format!("{claim}, but closely; keep both in mind");
    }
    for doubt in leader.against.iter().map(|e| &e.reading).chain(&leader.expected_but_absent).take(2) {
        claim.push_str(&format!("; against the leader: {}", clip(doubt, 160)));
    }
    Some(Challenge { claim, why })
}

/// What speaks against the leader and for the rival: the same record cited by both, or the leader's harm being received
/// from what the rival names. A rival that only receives the leader's harm explains nothing.
fn explains(rival: &Hypothesis, leader: &Hypothesis) -> Vec<String> {
    if leader.path.iter().any(|p| p.to == rival.component) {
        return Vec::new();
    }
    let cited = |e: &&EvidenceRef| rival.evidence.iter().any(|r| r.source == e.source && r.query == e.query);
    let mut out: Vec<String> = leader.against.iter().filter(cited).map(|e| e.reading.clone()).collect();
    let feeds = rival.component != leader.component
        && rival.path.iter().any(|p| p.to == leader.component)
        && leader.expected_but_absent.iter().any(|a| a.contains("mostly received"));
    if feeds {
        out.push(format!("the harm at {} is received from {}", leader.component, rival.component));
    }
    out
}
