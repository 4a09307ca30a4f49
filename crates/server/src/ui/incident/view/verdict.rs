//! Hypotheses with their evidence.

use firebell_core::incident::Incident;
use firebell_core::verdict::{EvidenceRef, Hypothesis, Outcome, Verdict};
use serde::Serialize;

use crate::ui::words;

/// Pieces of evidence that are shown of one hypothesis.
const EVIDENCE: usize = 12;

/// The verdict.
#[derive(Debug, Serialize)]
pub(super) struct VerdictView {
    outcome: &'static str,
    outcome_key: &'static str,
    onset: Option<String>,
    leader: Option<HypothesisView>,
    rivals: Vec<HypothesisView>,
}

#[derive(Debug, Serialize)]
struct HypothesisView {
    rank: u32,
    cause: String,
    cause_id: String,
    component: String,
    mechanism: String,
    confidence: f64,
    percent: i64,
    change: Option<String>,
    indicator: Option<String>,
    path: Vec<(String, String, String)>,
    evidence: Vec<EvidenceView>,
    evidence_beyond: usize,
    against: Vec<EvidenceView>,
    absent: Vec<String>,
}

#[derive(Debug, Serialize)]
struct EvidenceView {
    id: String,
    source: String,
    query: String,
    reading: String,
    sha256: String,
}

pub(super) fn of(verdict: &Verdict) -> VerdictView {
    let (outcome, outcome_key) = match verdict.verdict {
        Outcome::Cause => ("Cause found", "cause"),
        Outcome::Healthy => ("Nothing is wrong", "healthy"),
        Outcome::Recovered => ("It recovered by itself", "recovered"),
        Outcome::InsufficientEvidence => ("The evidence does not settle it", "insufficient"),
    };
    let mut all = verdict.hypotheses.iter().map(hypothesis);
    let leader = all.next();
    let mut rivals: Vec<HypothesisView> = all.collect();
    // In the order of the figure that is shown; a stable sort, so equals stay in the verdict's.
    rivals.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    VerdictView { outcome, outcome_key, onset: verdict.onset.map(words::clock), leader, rivals }
}

/// Gaps of the verdict and of the agents, each once.
pub(super) fn gaps(i: &Incident) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for gap in i.verdict.iter().flat_map(|v| &v.gaps).chain(&i.gaps) {
        if !out.contains(gap) {
            out.push(gap.clone());
        }
    }
    out.truncate(30);
    out
}

fn hypothesis(h: &Hypothesis) -> HypothesisView {
    HypothesisView {
        rank: h.rank,
        cause: words::cause_title(&h.cause),
        cause_id: h.cause.clone(),
        component: h.component.clone(),
        mechanism: h.mechanism.clone(),
        confidence: h.confidence,
        percent: (h.confidence * 100.0).round() as i64,
        change: h.change.clone(),
        indicator: h.indicator.clone(),
        path: h.path.iter().map(|p| (p.from.clone(), p.to.clone(), p.why.clone())).collect(),
        evidence: h.evidence.iter().take(EVIDENCE).map(evidence).collect(),
        evidence_beyond: h.evidence.len().saturating_sub(EVIDENCE),
        against: h.against.iter().take(EVIDENCE).map(evidence).collect(),
        absent: h.expected_but_absent.clone(),
    }
}

fn evidence(e: &EvidenceRef) -> EvidenceView {
    EvidenceView {
        id: e.id.clone(),
        source: e.source.clone(),
        query: e.query.clone(),
        reading: e.reading.clone(),
        sha256: e.sha256.chars().take(12).collect(),
    }
}
