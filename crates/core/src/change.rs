//! The change ledger's entry: what was changed, where, when, by whom.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What sort of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A new version runs.
    Deploy,
    /// Configuration.
    Config,
    /// A feature flag.
    Flag,
    /// Replicas or size.
    Scale,
    /// A database migration.
    Migration,
    /// A certificate.
    Certificate,
    /// A machine.
    Node,
    /// Something scheduled.
    Schedule,
    /// A commit that may or may not be deployed.
    Commit,
}

impl ChangeKind {
    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Config => "config",
            Self::Flag => "flag",
            Self::Scale => "scale",
            Self::Migration => "migration",
            Self::Certificate => "certificate",
            Self::Node => "node",
            Self::Schedule => "schedule",
            Self::Commit => "commit",
        }
    }
}

/// One change. `id` is given by the ledger or derived by the reader (commit, else file and index).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Stable id; verdicts name changes by it or by `commit`.
    #[serde(default)]
    pub id: String,
    /// When it took effect.
    pub at: Timestamp,
    /// What sort.
    pub kind: ChangeKind,
    /// Component id or name.
    #[serde(default)]
    pub component: String,
    /// Version or value before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Version or value after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Where the ledger has it from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Commit hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// One line.
    #[serde(default)]
    pub summary: String,
    /// Unified diff, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// Files touched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}
