//! Hypotheses with their evidence.

use firebell_core::incident::{EventRecord, Incident};
use firebell_core::verdict::{EvidenceRef, Hypothesis, Outcome, Verdict};
use firebell_report::markers;
use serde::Serialize;

use crate::ui::incident::evidence;
use crate::ui::words;

/// Pieces of evidence that are shown of one hypothesis.
const EVIDENCE: usize = 12;
/// Hypotheses that stand side by side; the others unfold.
const SIDE_BY_SIDE: usize = 3;
/// Pictures of the leader's evidence.
const PICTURES: usize = 6;

/// The verdict.
#[derive(Debug, Serialize)]
pub(super) struct VerdictView {
    outcome: &'static str,
    outcome_key: &'static str,
    onset: Option<String>,
    /// Side by side, the leader first.
    shown: Vec<HypothesisView>,
    rivals: Vec<HypothesisView>,
    /// Pictures of what speaks for the leader.
    pictures: Vec<PictureView>,
}

/// A picture that the browser fetches when it comes into sight.
#[derive(Debug, Serialize)]
struct PictureView {
    id: String,
    reading: String,
    /// Changes when what is marked on it does.
    stamp: String,
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
    /// Shown with the data behind it.
    picture: bool,
}

pub(super) fn of(i: &Incident, verdict: &Verdict, records: &[EventRecord]) -> VerdictView {
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
    let mut shown: Vec<HypothesisView> = leader.into_iter().chain(rivals).collect();
    let rivals = shown.split_off(shown.len().min(SIDE_BY_SIDE));
    let stamp = format!("{}-{}", i.verdict_round, markers(i, records).len() + i.alerts.len());
    let pictures = verdict.hypotheses.first().map(|h| pictures(h, &stamp)).unwrap_or_default();
    VerdictView { outcome, outcome_key, onset: verdict.onset.map(words::clock), shown, rivals, pictures }
}

/// Those that are drawn, one of a metric and its owner: the buckets of one histogram look alike.
fn pictures(h: &Hypothesis, stamp: &str) -> Vec<PictureView> {
    let mut seen = Vec::new();
    let mut out = Vec::new();
    for e in h.evidence.iter().filter(|e| evidence::has_picture(e)) {
        let name = e.query.split('{').next().unwrap_or_default();
        let kept = if e.query.starts_with("metric ") { name } else { &e.query };
        if seen.contains(&kept) || out.len() >= PICTURES {
            continue;
        }
        seen.push(kept);
        out.push(PictureView { id: evidence::id_of(e), reading: e.reading.clone(), stamp: stamp.to_owned() });
    }
    out
}

/// What agents ruled out, each once.
pub(super) fn ruled_out(i: &Incident) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for text in i.runs.values().flat_map(|r| r.findings.iter().flat_map(|f| &f.ruled_out)) {
        if !out.contains(text) && out.len() < 20 {
            out.push(text.clone());
        }
    }
    out
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
        evidence: h.evidence.iter().take(EVIDENCE).map(cited).collect(),
        evidence_beyond: h.evidence.len().saturating_sub(EVIDENCE),
        against: h.against.iter().take(EVIDENCE).map(cited).collect(),
        absent: h.expected_but_absent.iter().map(|a| a.claim.clone()).collect(),
    }
}

fn cited(e: &EvidenceRef) -> EvidenceView {
    EvidenceView {
        id: evidence::id_of(e),
        source: e.source.clone(),
        query: e.query.clone(),
        reading: e.reading.clone(),
        sha256: e.sha256.chars().take(12).collect(),
        picture: evidence::has_picture(e),
    }
}
