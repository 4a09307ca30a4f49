//! What comes in: alerts, changes and reports in one form, whatever sent them. An alert source turns a request's
//! body into a list of [`Intake`] items; that list is what the inbox stores before the sender gets its answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::change::Change;
use crate::ids::Fingerprint;
use crate::telemetry::Labels;

/// Firing, resolved, or taken by a person at the sender's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalState {
    /// The condition holds.
    Firing,
    /// The condition has passed.
    Resolved,
    /// Somebody acknowledged it where it came from (PagerDuty Events `acknowledge`).
    Acknowledged,
}

/// One inbound fact about one alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Name of the configured source.
    pub source: String,
    /// What makes it the same alert as an earlier one; see [`fingerprint`].
    pub fingerprint: Fingerprint,
    /// Firing or resolved.
    pub state: SignalState,
    /// Label set; `alertname` is always there.
    pub labels: Labels,
    /// Texts for people: `summary`, `description`, `runbook_url`, `value`, …
    #[serde(default)]
    pub annotations: Labels,
    /// Since when, by the sender's clock, put right by intake where it is skewed beyond belief.
    pub starts_at: Timestamp,
    /// Until when, if resolved or if the sender says when it lapses without a repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// Link back to the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator_url: Option<String>,
    /// The sender's own key for the alert, if it gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedup_key: Option<String>,
    /// The sender's own key of the group that it put the alert in, where the group says more than where it is: alerts
    /// of one group belong to one incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_key: Option<String>,
}

impl Signal {
    /// `alertname`, or a placeholder for an alert without one.
    pub fn name(&self) -> &str {
        self.labels.get("alertname").map_or("(unnamed alert)", String::as_str)
    }
}

/// A person's or a customer's report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the configured source.
    pub source: String,
    /// One line.
    pub title: String,
    /// The rest, outside text.
    #[serde(default)]
    pub text: String,
    /// Who reports.
    #[serde(default)]
    pub reporter: String,
    /// When it was written.
    pub at: Timestamp,
    /// Service named, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The sender's key: the same report sent twice is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedup_key: Option<String>,
}

/// One item of an accepted request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "intake", rename_all = "snake_case")]
pub enum Intake {
    /// An alert's signal.
    Signal(Signal),
    /// A change for the ledger.
    Change(Change),
    /// A report.
    Report(Report),
}

/// What one request holds after parsing: what can be used, and what was wrong with the rest, so that one bad alert
/// of a hundred does not lose the other ninety-nine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Parsed {
    /// Good items.
    pub items: Vec<Intake>,
    /// Bad items.
    pub rejected: Vec<RejectedItem>,
}

/// Why one item of a request could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedItem {
    /// Position in the request, from 0.
    pub index: usize,
    /// The field: `alerts[3].startsAt`.
    pub field: String,
    /// What is wrong with it and what would be right.
    pub reason: String,
}

/// The fingerprint of an alert: SHA-256 over the source and either the sender's key or the sorted labels, the first
/// 32 hex digits. Length-prefixed, so that no two label sets share an encoding.
pub fn fingerprint(source: &str, dedup_key: Option<&str>, labels: &Labels) -> Fingerprint {
    let mut hash = Sha256::new();
    let mut field = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    field(source);
    match dedup_key {
        Some(key) => {
            field("key");
            field(key);
        }
        None => {
            field("labels");
            for (name, value) in labels {
                field(name);
                field(value);
            }
        }
    }
    Fingerprint(hex::encode(&hash.finalize()[..16]))
}
