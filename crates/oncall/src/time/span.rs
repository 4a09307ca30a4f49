//! Spans of time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// From an instant up to another, which is no longer in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// First instant.
    pub from: Timestamp,
    /// End; the first instant after it.
    pub until: Timestamp,
}

impl Span {
    /// Whether an instant is in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Its length in seconds.
    pub fn seconds(&self) -> i64 {
        self.until.duration_since(self.from).as_secs()
    }
}
