//! The port of channels that do not call, but are asked what was said.

use firebell_core::ports::BoxFuture;

use super::Answer;

/// What has come since the last question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Where the next question begins.
    pub next: String,
    /// In the order of their times.
    pub answers: Vec<Answer>,
    /// For whoever looks after the channel: rooms that it was invited to or put out of, gaps.
    pub notices: Vec<String>,
}

/// A channel that is asked.
pub trait Listener: Send + Sync {
    /// Name of the channel: `matrix/ops`.
    fn name(&self) -> &str;

    /// What was said since `since`; waits for news up to `wait_ms`. Begin with none, keep what comes back, and act once on
    /// each [`Answer::id`].
    fn listen<'a>(&'a self, since: Option<&'a str>, wait_ms: u32) -> BoxFuture<'a, Result<Heard, String>>;
}
