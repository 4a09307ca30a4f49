//! What is known of an action item's issue.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An action item's issue in a tracker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracking {
    /// `linear/eng`: kind and name.
    pub tracker: String,
    /// When the issue was asked for.
    pub asked_at: Timestamp,
    /// The issue, once it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<Issue>,
    /// It is closed there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// Why it is not followed any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
    /// Why it is not known how it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<String>,
}

/// An issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Its id in the tracker.
    pub id: String,
    /// What people call it: `ENG-12`, `acme/shop#12`.
    pub key: String,
    /// Where people read it.
    pub url: String,
}

impl Tracking {
    /// The issue, if it is there and open as far as is known.
    pub fn open(&self) -> Option<&Issue> {
        self.issue.as_ref().filter(|_| !self.closed && self.lost.is_none())
    }

    /// Whether an issue was asked for and is neither there nor given up as gone.
    pub fn is_pending(&self) -> bool {
        self.issue.is_none() && self.lost.is_none()
    }
}
