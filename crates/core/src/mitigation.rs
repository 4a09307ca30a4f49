//! Mitigation as typed plans: what would be done, to what, how far it reaches, how it is undone, how it is checked.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// How dangerous a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Routine, undone in a minute.
    Low,
    /// Customers may notice it.
    Medium,
    /// Could make it worse, or cannot be undone.
    High,
}

/// One action of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Action id of the platform API: `rollback`.
    pub action: String,
    /// Component id.
    pub target: String,
    /// Parameters.
    pub params: Value,
    /// The action that undoes it; none where nothing does.
    pub inverse: Option<Inverse>,
}

/// An inverse action on the same target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inverse {
    /// Action id.
    pub action: String,
    /// Parameters.
    pub params: Value,
}

/// A mitigation option as people approve it. Approvals are bound to [`Plan::hash`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// One line: `roll catalog back from 1.8.0 to 1.7.3`.
    pub title: String,
    /// Carried out in order.
    pub steps: Vec<Step>,
    /// What must hold before, in words for people. The planner reads it off the platform's state; before the first
    /// step that state is read again, and the platform is asked for a dry run of every step.
    pub preconditions: Vec<String>,
    /// What should get better.
    pub expected_effect: String,
    /// Components and customers that feel the action itself.
    pub blast_radius: Vec<String>,
    /// Every step has an inverse, or is harmless to leave.
    pub reversible: bool,
    /// How dangerous.
    pub risk: Risk,
    /// How recovery is checked.
    pub verification: String,
    /// The hypothesis that it answers: `cause@component`.
    pub answers: String,
    /// Not to be begun after this.
    pub expires_at: Timestamp,
    /// Agent that prepared it.
    pub prepared_by: String,
}

impl Plan {
    /// The plan's hash: SHA-256 over its canonical JSON, the first 16 hex digits. Approvals name it, so that what was
    /// approved is what runs.
    pub fn hash(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        hex::encode(Sha256::digest(&text))[..16].to_owned()
    }
}
