//! What is known of an incident's rooms.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The rooms of an incident, and what was said there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rooms {
    /// Messages in the timeline: by chat, then by id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub said: BTreeMap<String, BTreeMap<String, SaidMark>>,
}

/// A message that is in the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidMark {
    /// Version of the event that brought it.
    pub version: u64,
    /// SHA-256 of its latest text, hexadecimal.
    pub text_sha256: String,
    /// It was deleted there, or its mark was taken away.
    #[serde(default)]
    pub gone: bool,
}

impl Rooms {
    /// Whether nothing is known; it is not written then.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// A message in the timeline.
    pub fn said(&self, chat: &str, id: &str) -> Option<&SaidMark> {
        self.said.get(chat)?.get(id)
    }

    /// Messages in the timeline.
    pub(super) fn said_count(&self) -> usize {
        self.said.values().map(BTreeMap::len).sum()
    }
}
