//! A provider's request as it came, and the port of those who read it. Nothing here talks to a network.

use firebell_core::ports::BoxFuture;
use jiff::Timestamp;

use super::{Answer, Received};

/// An HTTP request from a provider.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The address as the provider knows it, its query included: Twilio signs it. Behind a proxy that is the public one.
    pub url: &'a str,
    /// Names in any case.
    pub headers: &'a [(String, String)],
    /// Exactly as it came: signatures are over these bytes.
    pub body: &'a [u8],
}

impl Request<'_> {
    /// A header's value; none if it is there twice with different values.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found =
            self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str());
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }

    /// The fields of a form body, in their order.
    ///
    /// # Errors
    /// When it is no text.
    pub(crate) fn form(&self) -> Result<Vec<(String, String)>, ReplyError> {
        let text =
            std::str::from_utf8(self.body).map_err(|_| ReplyError::malformed("body", "is no UTF-8"))?;
        Ok(pairs(text))
    }

    /// The parameters of the address.
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        self.url.split_once('?').map(|(_, q)| pairs(q)).unwrap_or_default()
    }
}

/// The pairs of `a=b&c=d`.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut url = match reqwest::Url::parse("http://localhost/") {
        Ok(url) => url,
        Err(_) => return Vec::new(),
    };
    url.set_query(Some(text));
    url.query_pairs().map(|(n, v)| (n.into_owned(), v.into_owned())).collect()
}

/// A field of pairs.
pub(crate) fn field<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// Something to answer a request with at once, status 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Body {
    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self { content_type: "application/json", body: value.to_string() }
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { content_type: "text/plain; charset=utf-8", body: text.into() }
    }
}

/// Why a request was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Answer 401 and nothing else: it is not from whom it says, or older than is accepted.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// Answer 400: it is genuine, and cannot be read.
    #[error("{field}: {reason}")]
    Malformed {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl ReplyError {
    pub(crate) fn malformed(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Malformed { field, reason: reason.into() }
    }

    pub(crate) fn json(error: &serde_json::Error) -> Self {
        // Without the text itself: only where it is wrong.
        let at = format!("is no JSON of this kind (line {}, column {})", error.line(), error.column());
        Self::malformed("body", at)
    }
}

/// A form with one text, which is put behind a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// What it is about, at most 24 characters.
    pub title: String,
    /// What is asked for.
    pub label: String,
    /// The command: `update INC-2026-0042`.
    pub command: String,
}

/// A channel that is answered over HTTP.
pub trait Receiver: Send + Sync {
    /// Name of the channel: `slack/ops`.
    fn name(&self) -> &str;

    /// Checks and reads a request. Pure: the same request at the same time means the same.
    ///
    /// # Errors
    /// When it is not genuine, or cannot be read.
    fn receive(&self, request: &Request<'_>, now: Timestamp) -> Result<Received, ReplyError>;

    /// What to answer the request with, so that the person sees `text`.
    fn say(&self, answer: &Answer, text: &str) -> Body;

    /// What to answer a request with that needs no words.
    fn silent(&self) -> Body {
        Body::text("")
    }

    /// Shows a form to who pressed a button. What they send comes as an answer of its own.
    ///
    /// # Errors
    /// Where the channel has none, or does not show it; why.
    fn show<'a>(&'a self, _: &'a Answer, _: &'a Form) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async { Err("this channel shows no forms".to_owned()) })
    }

    /// Whether the person sees what the request is answered with. If not, it goes to [`Answer::later`], or is written
    /// where it was said.
    fn shows(&self, _: &Answer) -> bool {
        true
    }
}
