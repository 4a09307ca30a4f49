//! What trackers post to us. A request only says which issue to look at: how it stands is read from the tracker, so that
//! a request that comes late or again says nothing that is not true any more.

use jiff::Timestamp;

use crate::replies::{ReplyError, Request};

/// What a genuine request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Something happened to this issue, by its id in the tracker.
    Issue(String),
    /// Nothing of ours, and why.
    Nothing(&'static str),
}

/// What reads the webhooks of a tracker.
pub trait IssueHook: Send + Sync {
    /// `linear/eng`: kind and name; they are posted to `/hooks/linear/eng`.
    fn name(&self) -> &str;

    /// Checks and reads a request. Pure: the same request at the same time means the same.
    ///
    /// # Errors
    /// When it is not genuine, or cannot be read.
    fn receive(&self, request: &Request<'_>, now: Timestamp) -> Result<Heard, ReplyError>;
}
