//! What happened to the issues of action items.

use serde::{Deserialize, Serialize};

/// What happened to an action item's issue in a tracker. That it is there is an event of its own:
/// [`super::super::Event::ActionItemTracked`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "issue", rename_all = "snake_case")]
pub enum IssueEvent {
    /// An issue is wanted.
    Asked {
        /// Of which action item.
        id: u32,
        /// Where.
        tracker: String,
    },
    /// It is closed there: by us, or by somebody there.
    Closed {
        /// Of which action item.
        id: u32,
        /// It was called off there, not done.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cancelled: bool,
    },
    /// It is gone: deleted, or moved to where it cannot be followed. The action item stays.
    Lost {
        /// Of which action item.
        id: u32,
        /// What was found.
        reason: String,
    },
    /// How it stands cannot be seen any more, or, without a reason, is seen again.
    Unseen {
        /// Of which action item.
        id: u32,
        /// Why, and what to do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// What was noticed about an issue by whoever looked at it. Only the engine says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum IssueNews {
    /// It is closed there.
    Closed {
        /// Called off, not done.
        cancelled: bool,
    },
    /// It is gone.
    Lost {
        /// What was found.
        reason: String,
    },
    /// It cannot be looked at, until somebody mends it.
    Unseen {
        /// Why, and what to do.
        reason: String,
    },
    /// It is looked at again.
    Seen,
}
