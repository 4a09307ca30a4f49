//! The verdict of an investigation: `firebell-verdict/1`, the same for a live incident and for a bundle.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::telemetry::Window;

/// The format's name.
pub const FORMAT: &str = "firebell-verdict/1";

/// What the investigation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A cause is named.
    Cause,
    /// Nothing is wrong: not an incident.
    Healthy,
    /// Something was wrong and has passed without a mitigation.
    Recovered,
    /// The evidence does not settle it; see the gaps.
    InsufficientEvidence,
}

/// A verdict with its rival hypotheses, best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// [`FORMAT`].
    pub format: String,
    /// What it came to.
    pub verdict: Outcome,
    /// Start of impact as the telemetry shows it.
    pub onset: Option<Timestamp>,
    /// Best first.
    pub hypotheses: Vec<Hypothesis>,
    /// What could not be seen, and the exact permission, metric or command that would show it.
    pub gaps: Vec<String>,
    /// How the leader stood against its best rival, where a cause is named that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Challenge>,
    /// What was read; the only part that may differ between equal inputs.
    pub stats: Stats,
}

/// Cause x component x mechanism, with the evidence for and against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// From 1.
    pub rank: u32,
    /// `kind/name`.
    pub component: String,
    /// An id of the cause catalogue: `saturation.connection_pool`.
    pub cause: String,
    /// The metric or log template that shows it best.
    pub indicator: Option<String>,
    /// Commit, else change id, that brought it.
    pub change: Option<String>,
    /// One sentence.
    pub mechanism: String,
    /// 0 to 1, calibrated.
    pub confidence: f64,
    /// From cause to symptom.
    pub path: Vec<PathStep>,
    /// What speaks for it.
    pub evidence: Vec<EvidenceRef>,
    /// What speaks against it.
    pub against: Vec<EvidenceRef>,
    /// What one would expect to see if it were true, and does not.
    pub expected_but_absent: Vec<Absence>,
    /// What would help.
    pub mitigations: Vec<MitigationHint>,
}

/// One edge of a causal path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathStep {
    /// Where the harm comes from.
    pub from: String,
    /// Where it arrives.
    pub to: String,
    /// When it arrived, if known.
    pub at: Option<Timestamp>,
    /// Why this edge is believed.
    pub why: String,
    /// Ids of the hypothesis's evidence for the relation and for the harm at its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
}

/// A claim's evidence: what was looked at, and what it reads as.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceRef {
    /// Unique inside the verdict: `e12`.
    pub id: String,
    /// File of a bundle or name of a source.
    pub source: String,
    /// What was asked: a series' selector, a log template, a trace id, a change id.
    pub query: String,
    /// Which part of time.
    pub window: Option<Window>,
    /// Over the canonical text of the data cited; evaluating the query again gives the same.
    pub sha256: String,
    /// One line for people.
    pub reading: String,
}

/// Something that one would expect to see if a hypothesis were true, and does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Absence {
    /// In words.
    pub claim: String,
    /// What was looked at: evaluating its query again gives the same, which may be nothing.
    pub evidence: Vec<EvidenceRef>,
}

/// As it is written: the words alone where nothing is cited, as all absences once were.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Words(String),
    Cited { claim: String, evidence: Vec<EvidenceRef> },
}

impl From<Written> for Absence {
    fn from(written: Written) -> Self {
        match written {
            Written::Words(claim) => Self { claim, evidence: Vec::new() },
            Written::Cited { claim, evidence } => Self { claim, evidence },
        }
    }
}

impl From<Absence> for Written {
    fn from(Absence { claim, evidence }: Absence) -> Self {
        if evidence.is_empty() { Self::Words(claim) } else { Self::Cited { claim, evidence } }
    }
}

impl From<&str> for Absence {
    fn from(claim: &str) -> Self {
        Self { claim: claim.to_owned(), evidence: Vec::new() }
    }
}

/// What came of the attempt to refute the leader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// In a sentence.
    pub claim: String,
    /// What speaks against the rival, or for it.
    pub why: Vec<String>,
}

/// A mitigation that fits the hypothesis, before it is planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MitigationHint {
    /// An id of the action catalogue: `scale_pool`.
    pub action: String,
    /// Component.
    pub target: String,
    /// Whether an inverse action exists.
    pub reversible: bool,
    /// The inverse action, if any.
    pub inverse: Option<String>,
}

/// What was read and what it cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stats {
    /// Wall time, milliseconds.
    pub wall_ms: u64,
    /// Series read.
    pub series: u64,
    /// Log lines read.
    pub log_lines: u64,
    /// Spans read.
    pub spans: u64,
    /// Peak resident memory, bytes; 0 where unknown.
    pub peak_rss_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absences_of_old_records_are_read_and_written_as_they_were() {
        let old = r#""slow queries""#;
        let read: Absence = serde_json::from_str(old).expect("an absence");
        assert_eq!(read, "slow queries".into());
        assert_eq!(serde_json::to_string(&read).expect("json"), old);
        let evidence = vec![EvidenceRef {
            id: "e3".into(),
            source: "metrics/a.csv".into(),
            query: "metric cpu".into(),
            window: None,
            sha256: "00".into(),
            reading: "cpu did not move".into(),
        }];
        let cited = Absence { claim: "cpu did not move".into(), evidence };
        let text = serde_json::to_string(&cited).expect("json");
        assert!(text.starts_with(r#"{"claim":"cpu did not move","evidence":[{"id":"e3""#), "{text}");
        assert_eq!(serde_json::from_str::<Absence>(&text).expect("an absence"), cited);
    }
}
