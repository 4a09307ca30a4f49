//! Telling people: one message to one channel.

use serde::{Deserialize, Serialize};

use super::{BoxFuture, Health};
use crate::effect::Outcome;

/// A rendered message on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Idempotency key; sent along wherever the channel can carry it (`Message-ID`, `Idempotency-Key`).
    pub key: String,
    /// Incident id.
    pub incident: String,
    /// `internal`, `public`, `support`, `executives`, `page`.
    pub audience: String,
    /// One line.
    pub subject: String,
    /// Plain text or Markdown.
    pub body: String,
    /// Addresses, where the channel has several (e-mail).
    #[serde(default)]
    pub to: Vec<String>,
    /// Link to the incident.
    #[serde(default)]
    pub link: String,
    /// Further headers by name, where the channel has such (e-mail).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
}

/// A configured channel.
pub trait Notifier: Send + Sync {
    /// `email/oncall`, `webhook/statuspage`: kind and configured name.
    fn name(&self) -> &str;

    /// One cheap call.
    fn health(&self) -> BoxFuture<'_, Health>;

    /// Sends. The adapter knows what may be repeated: it answers with an [`Outcome`], never with a bare error.
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Outcome>;
}
