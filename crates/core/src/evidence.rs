//! Evidence by content hash, and the one contract by which every agent, deterministic or model-driven, reports.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::EvidenceId;
use crate::telemetry::{TelemetryPart, Window};

/// One recorded query: what was asked of whom, and the hash under which the result is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceRecord {
    /// Derived from everything below but `reading` and `fetched_at`.
    pub id: EvidenceId,
    /// `prometheus/main`, `otlp`, `changes`, `platform/shop`, …
    pub source: String,
    /// The query as sent.
    pub query: String,
    /// The part of time asked for.
    pub window: Option<Window>,
    /// SHA-256 of the stored result's canonical JSON.
    pub sha256: String,
    /// How many items the result holds.
    pub items: u64,
    /// One line for people.
    pub reading: String,
    /// When it was fetched.
    pub fetched_at: Timestamp,
}

/// The stored form of a result and its hash. Canonical: the same part gives the same bytes.
///
/// # Errors
/// Only if a value cannot be written as JSON, which typed parts rule out.
pub fn encode_part(part: &TelemetryPart) -> Result<(Vec<u8>, String), serde_json::Error> {
    let bytes = serde_json::to_vec(part)?;
    let sha = hex::encode(Sha256::digest(&bytes));
    Ok((bytes, sha))
}

/// Derives an evidence id.
pub fn evidence_id(source: &str, query: &str, window: Option<Window>, sha256: &str) -> EvidenceId {
    let mut hash = Sha256::new();
    for text in [source, query, &window.map(|w| format!("{}/{}", w.start, w.end)).unwrap_or_default(), sha256]
    {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    EvidenceId(format!("ev-{}", &hex::encode(hash.finalize())[..12]))
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Looked, and it does not tell.
    Inconclusive,
    /// Fits.
    Weak,
    /// Speaks for it.
    Moderate,
    /// Hard to explain otherwise.
    Strong,
}

/// What an agent hands back: a claim, its evidence, what was ruled out, a strength.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// One sentence.
    pub claim: String,
    /// Recorded queries that show it; a claim other than an inconclusive one without evidence is refused.
    pub evidence: Vec<EvidenceId>,
    /// What was ruled out and why.
    #[serde(default)]
    pub ruled_out: Vec<String>,
    /// How much it weighs.
    pub strength: Strength,
    /// Component it is about, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
}
