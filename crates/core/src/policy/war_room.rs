//! Rooms outside: which chats and which bridge an incident gets, by severity.

use serde::{Deserialize, Serialize};

use crate::severity::Severity;

/// The bridge that needs no entry: a room of the public Jitsi server.
const JITSI: &str = "jitsi";
/// No bridge.
const NONE: &str = "none";

/// `[war_room]`. Without `chats` and `bridge` the incident's own page is its only room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WarRoom {
    /// Chats in which a room is opened.
    pub chats: Vec<RoomChat>,
    /// The video bridge: `jitsi`, `zoom/main`, `none`; empty: `jitsi` once there are `chats`, else none.
    pub bridge: String,
    /// The bridge that takes the place of one that cannot be opened: `jitsi`, `jitsi/own`, `none`; empty: `jitsi`.
    pub bridge_fallback: String,
    /// Severities that get the bridge.
    pub bridge_severities: Vec<Severity>,
    /// Name of a room. `{id}`, `{date}`, `{severity}`, `{service}` and `{slug}` (the title) are filled in.
    pub name: String,
    /// A room is archived so long after the incident's end; 0: never.
    pub archive_after_s: i64,
    /// What restricted and security incidents get.
    pub restricted: RestrictedRooms,
    /// A message in a room that begins with one of these goes into the timeline.
    pub markers: Vec<String>,
    /// A message in a room that somebody reacts to with one of these goes into the timeline; names without colons.
    pub reactions: Vec<String>,
    /// Files up to this size, bytes, are kept with the evidence; of larger ones name, size and link.
    pub keep_files_up_to: u64,
}

impl Default for WarRoom {
    fn default() -> Self {
        Self {
            chats: Vec::new(),
            bridge: String::new(),
            bridge_fallback: String::new(),
            bridge_severities: major(),
            name: "inc-{id}-{slug}".to_owned(),
            archive_after_s: 7 * 86_400,
            restricted: RestrictedRooms::Private,
            markers: ["!note", "note:"].map(Into::into).to_vec(),
            reactions: ["pushpin", "\u{1f4cc}"].map(Into::into).to_vec(),
            keep_files_up_to: 5 << 20,
        }
    }
}

/// A chat in which a room is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomChat {
    /// `slack/ops`: kind and name of a `[[notifiers]]` entry that can open rooms.
    pub chat: String,
    /// Severities that get it by themselves.
    #[serde(default = "major")]
    pub severities: Vec<Severity>,
    /// Only who is invited sees it.
    #[serde(default)]
    pub private: bool,
    /// People who are invited besides those who hold a role or take part.
    #[serde(default)]
    pub invite: Vec<String>,
    /// Channels of the chat, as it writes them, in which an open room is announced.
    #[serde(default)]
    pub announce: Vec<String>,
}

/// What restricted incidents get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum RestrictedRooms {
    /// Private rooms with their members only.
    #[default]
    Private,
    /// Nothing but their own page.
    None,
}

fn major() -> Vec<Severity> {
    vec![Severity::Sev1, Severity::Sev2]
}

impl WarRoom {
    /// The bridge that incidents get, if any.
    pub fn bridge(&self) -> Option<&str> {
        match self.bridge.as_str() {
            NONE => None,
            "" => (!self.chats.is_empty()).then_some(JITSI),
            named => Some(named),
        }
    }

    /// The bridge that is asked for where `failed` cannot be opened.
    pub fn fallback(&self, failed: &str) -> Option<&str> {
        let named = if self.bridge_fallback.is_empty() { JITSI } else { self.bridge_fallback.as_str() };
        Some(named).filter(|name| *name != NONE && *name != failed)
    }

    /// The rule of a chat.
    pub fn chat(&self, name: &str) -> Option<&RoomChat> {
        self.chats.iter().find(|c| c.chat == name)
    }

    /// What a message that is marked for the timeline says without its mark; none where it has no mark. Marks are known
    /// in any case of letters, and `note:` also where a space follows.
    pub fn marked<'a>(&self, text: &'a str) -> Option<&'a str> {
        let text = text.trim();
        self.markers.iter().filter(|m| !m.is_empty()).find_map(|marker| {
            let head = text.get(..marker.len())?;
            let rest = text.get(marker.len()..)?;
            // `!notes` is another word; `note:x` is a note.
            let ends = !marker.ends_with(char::is_alphanumeric) || !rest.starts_with(char::is_alphanumeric);
            (head.eq_ignore_ascii_case(marker) && ends && !rest.trim().is_empty()).then(|| rest.trim())
        })
    }

    /// Whether a reaction marks a message, with or without colons and skin tone.
    pub fn marks(&self, reaction: &str) -> bool {
        let plain = reaction.trim_matches(':').split("::").next().unwrap_or_default();
        let plain = plain.trim_end_matches('\u{fe0f}');
        !plain.is_empty() && self.reactions.iter().any(|r| r.trim_matches(':') == plain)
    }

    /// What is wrong with it, by field.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let mut bad = |field: &str, why: String| all.push((field.to_owned(), why));
        let known = ["id", "date", "severity", "service", "slug"];
        let mut rest = self.name.as_str();
        while let Some((_, tail)) = rest.split_once('{') {
            let Some((word, after)) = tail.split_once('}') else {
                bad("name", "a placeholder is not closed: {id}".to_owned());
                break;
            };
            if !known.contains(&word) {
                let why = format!(
                    "there is no placeholder {{{word}}}; there are id, date, severity, service, slug"
                );
                bad("name", why);
            }
            rest = after;
        }
        if self.name.trim().is_empty() {
            bad("name", "must not be empty".to_owned());
        }
        if self.archive_after_s < 0 {
            bad("archive_after_s", "must not be negative; 0 is never".to_owned());
        }
        for (n, chat) in self.chats.iter().enumerate() {
            if self.chats.iter().take(n).any(|c| c.chat == chat.chat) {
                bad("chats", format!("{:?} is there twice", chat.chat));
            }
        }
        all
    }
}
