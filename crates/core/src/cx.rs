//! Everything non-deterministic that a decision may use, as data.

use jiff::Timestamp;

use crate::policy::Policy;

/// The context of a decision.
#[derive(Debug, Clone, Copy)]
pub struct Cx<'a> {
    /// The time, by the one clock of the node.
    pub now: Timestamp,
    /// Policy.
    pub policy: &'a Policy,
}
