//! What turns a sender's request into intake items. Pure: bytes in, items out.

use jiff::Timestamp;

use crate::signal::Parsed;

/// A request body that holds nothing usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct ParseError {
    /// The field, or `body`.
    pub field: String,
    /// What is wrong with it and what would be right.
    pub reason: String,
}

impl ParseError {
    /// A parse error.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}

/// What a request carries besides its body.
#[derive(Debug, Clone, Copy)]
pub struct RequestContext<'a> {
    /// Name of the configured source.
    pub source: &'a str,
    /// When it was received.
    pub received_at: Timestamp,
    /// Path below the source's endpoint: `/v2/enqueue`.
    pub path: &'a str,
    /// Selected headers, lower-case names: those that a contract gives meaning (`x-github-event`, `ce-type`).
    pub headers: &'a [(String, String)],
}

/// One kind of sender (`kind = "alertmanager"`), configured.
pub trait AlertSource: Send + Sync {
    /// The kind's name as in `[[sources]] kind`.
    fn kind(&self) -> &'static str;

    /// Turns a body into items; bad items are listed beside the good ones.
    ///
    /// # Errors
    /// When nothing in the body can be used: names the field.
    fn parse(&self, body: &[u8], cx: &RequestContext<'_>) -> Result<Parsed, ParseError>;
}
