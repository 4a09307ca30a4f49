//! Telling people: one message to one channel.

use serde::{Deserialize, Serialize};

use super::chat::Control;
use super::{BoxFuture, Health};
use crate::effect::Outcome;
use crate::incident::Status;
use crate::severity::{IncidentKind, Severity};

/// A rendered message on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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
    /// Addresses as the channel writes them: mail addresses, telephone numbers, ids of its channels or people. Empty:
    /// those of its configuration.
    #[serde(default)]
    pub to: Vec<String>,
    /// Link to the incident.
    #[serde(default)]
    pub link: String,
    /// Further headers by name, where the channel has such (e-mail).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// How loud it is to be, where the channel can choose.
    #[serde(default)]
    pub urgency: Urgency,
    /// How to answer, for pages: the channel offers what it can of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack: Option<Ack>,
    /// What can be decided by a press, where the channel tells us of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<Control>,
    /// How the incident stands, for channels that show more than a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
}

/// How an incident stands as an update of it goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// What is wrong, in words for outsiders: `Errors in checkout`.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// This update is the last word on it.
    pub last: bool,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub kind: IncidentKind,
    /// Services that it touches.
    pub services: Vec<String>,
    /// Customers and colleagues at large hear nothing of it by themselves.
    pub secret: bool,
    /// An exercise.
    pub drill: bool,
    /// A person wrote the update, or said that it goes out.
    pub by_person: bool,
}

/// How loud a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Seen when looked for: no sound.
    Low,
    /// As the channel does it.
    #[default]
    Normal,
    /// Wakes people: through silent modes where the channel can, again and again until somebody answers.
    High,
}

/// How whoever gets a page can answer it. Each part that is empty is not offered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ack {
    /// Web address with a one-time token. To open it changes nothing, for mail scanners and previews open links too: it
    /// shows a button. `POST` to it acknowledges.
    pub link: String,
    /// Digits that are replied by SMS or chat: `ACK 4711`.
    pub code: String,
    /// What buttons and key presses carry back: opaque, at most 40 characters of `A-Z a-z 0-9 . _ : -`.
    pub reference: String,
}

impl Ack {
    /// Longest reference, characters: what the narrowest button (Telegram's, 64 bytes) leaves room for.
    pub const REFERENCE: usize = 40;

    /// The reference, if there is one and buttons can carry it.
    pub fn button(&self) -> Option<&str> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
        let r = self.reference.as_str();
        (!r.is_empty() && r.len() <= Self::REFERENCE && r.chars().all(plain)).then_some(r)
    }
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
