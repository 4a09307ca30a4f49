//! What is to be done in a tracker.

use serde::{Deserialize, Serialize};

/// One thing to be done in a tracker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum IssueEffect {
    /// File an issue for an action item, or find the one that was filed.
    File {
        /// Of which action item.
        id: u32,
        /// Where.
        tracker: String,
    },
    /// Close the issue of an action item that is done.
    Close {
        /// Of which action item.
        id: u32,
        /// Where.
        tracker: String,
        /// The issue's id there.
        issue: String,
    },
}

impl IssueEffect {
    /// All kinds.
    pub const KINDS: [&str; 2] = ["file_issue", "close_issue"];

    /// The kind, as in the tables and metrics.
    pub fn kind(&self) -> &'static str {
        let at = match self {
            Self::File { .. } => 0,
            Self::Close { .. } => 1,
        };
        Self::KINDS[at]
    }
}
