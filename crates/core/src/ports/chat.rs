//! Rooms of chats: opening them, speaking in them, hearing what is said there; and video bridges.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BoxFuture, Health};
use crate::effect::Outcome;
use crate::incident::Said;

/// Why a call to a chat came to nothing. The adapter knows what may be repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// May work later.
    #[error("{reason}")]
    Retry {
        /// What happened.
        reason: String,
        /// The chat asked to wait so long, seconds.
        after_s: Option<u32>,
    },
    /// Will not work by repeating.
    #[error("{reason}")]
    Permanent {
        /// What happened and what to do next.
        reason: String,
    },
    /// This message is never taken; another one may be.
    #[error("{reason}")]
    Refused {
        /// What is wrong with it.
        reason: String,
    },
    /// The room is not there any more, or is closed to us: archived or deleted by somebody.
    #[error("{reason}")]
    Gone {
        /// What happened.
        reason: String,
    },
}

impl Trouble {
    /// May work later, at a time of our own choice.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry { reason: reason.into(), after_s: None }
    }

    /// Will not work by repeating.
    pub fn permanent(reason: impl Into<String>) -> Self {
        Self::Permanent { reason: reason.into() }
    }
}

impl From<Trouble> for Outcome {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Retry { reason, after_s } => Self::Retry { reason, after_s },
            Trouble::Permanent { reason } | Trouble::Refused { reason } | Trouble::Gone { reason } => {
                Self::Permanent { reason }
            }
        }
    }
}

/// What a chat answers.
pub type Answer<T> = Result<T, Trouble>;

/// A room that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomWish {
    /// The same for every attempt: a room that was opened under it is found, not opened again.
    pub key: String,
    /// The name that is wanted; the adapter makes of it what its chat allows, and another where it is taken.
    pub name: String,
    /// What it is for, in a sentence; outside text.
    pub purpose: String,
    /// Only who is invited sees it.
    pub private: bool,
    /// When it was asked for: an older room of the same name is another's.
    pub asked_at: Timestamp,
}

/// A room that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRef {
    /// Id in the chat; stays when it is renamed.
    pub id: String,
    /// Name as it is now.
    pub name: String,
    /// Where people go.
    pub link: String,
}

/// Somebody who is to be in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// The person's name.
    pub name: String,
    /// Their account in this chat, where it is known.
    pub account: Option<String>,
    /// E-mail, by which a chat may know them.
    pub email: Option<String>,
}

/// What an invitation came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Invited {
    /// Who is there now.
    pub present: Vec<String>,
    /// Who could not be invited: name and why.
    pub unknown: Vec<(String, String)>,
}

/// The label of the link that leads to the incident's page.
pub const OPEN: &str = "Open the incident";

/// A message into a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The same for every attempt.
    pub key: String,
    /// Whether an attempt may have gone out before: the adapter looks for it then.
    pub again: bool,
    /// The text; outside text in it is text. `*bold*` and the like are not understood.
    pub text: String,
    /// Address and label of links that are shown as buttons or beside the text.
    pub links: Vec<(String, String)>,
    /// What can be done by a press, where the chat tells us of it; else it is said how to write it.
    pub controls: Vec<Control>,
}

/// Something that can be done by a press: a command as it is written after `/incident`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// What it is called; short.
    pub label: String,
    /// What it does.
    pub does: Does,
    /// What is asked before it is done, where it is not to be done by mistake.
    pub confirm: Option<String>,
}

/// What a control does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Does {
    /// Gives the command.
    Give(String),
    /// Asks for a text first, which is put behind the command.
    Ask(String),
    /// Offers several to choose from: label and command.
    Choose(Vec<(String, String)>),
}

impl Control {
    /// One that is done at once.
    pub fn new(label: &str, does: Does) -> Self {
        Self { label: label.to_owned(), does, confirm: None }
    }

    /// The same, asked for once more; `question` may hold outside text.
    #[must_use]
    pub fn confirmed(self, question: &str) -> Self {
        Self { confirm: Some(question.to_owned()), ..self }
    }

    /// How to write it where nothing can be pressed; `sign` is what commands begin with. Of a choice the first is an example
    /// for the others.
    pub fn written(&self, sign: &str) -> Option<String> {
        match &self.does {
            Does::Give(command) => Some(format!("{sign}{command}")),
            Does::Ask(command) => Some(format!("{sign}{command} TEXT")),
            Does::Choose(options) => options.first().map(|(_, command)| format!("{sign}{command}")),
        }
    }

    /// Where on the incident's page the same is done, as the part of an address behind `#`; empty for its beginning.
    pub fn place(&self) -> &'static str {
        let command = match &self.does {
            Does::Give(command) | Does::Ask(command) => command.as_str(),
            Does::Choose(options) => options.first().map_or("", |(_, command)| command.as_str()),
        };
        match command.split(' ').next().unwrap_or_default() {
            "approve" | "reject" => "mitigation",
            "update" => "write-internal",
            "role" | "accept" => "f-role",
            "severity" => "f-severity",
            "resolve" => "f-resolve",
            "decline" => "f-decline",
            _ => "",
        }
    }
}

/// What was heard in a room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heard {
    /// What people said, oldest first; what apps said is left out.
    pub messages: Vec<HeardMessage>,
    /// Where to go on from; as it was where nothing was said.
    pub cursor: String,
    /// There is more now.
    pub more: bool,
    /// The room's name now, where the chat tells it.
    pub name: Option<String>,
}

/// One message as it was heard: whole, with its reactions; whether it belongs to the timeline is not the chat's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardMessage {
    /// The message.
    pub said: Said,
    /// Reactions to it, by name.
    pub reactions: Vec<String>,
    /// It was deleted.
    pub deleted: bool,
}

/// A chat that can open rooms.
pub trait ChatRooms: Send + Sync {
    /// `slack/ops`: kind and configured name.
    fn name(&self) -> &str;

    /// One cheap call.
    fn health(&self) -> BoxFuture<'_, Health>;

    /// Opens a room, or finds the one that was opened under this key.
    fn open<'a>(&'a self, wish: &'a RoomWish) -> BoxFuture<'a, Answer<RoomRef>>;

    /// Sets the topic. A longer one than the chat allows is cut.
    fn set_topic<'a>(&'a self, room: &'a str, topic: &'a str) -> BoxFuture<'a, Answer<()>>;

    /// Brings people in; who is there already stays.
    fn invite<'a>(&'a self, room: &'a str, guests: &'a [Guest]) -> BoxFuture<'a, Answer<Invited>>;

    /// Says something; answers the message's id.
    fn post<'a>(&'a self, room: &'a str, post: &'a Post) -> BoxFuture<'a, Answer<String>>;

    /// Pins a message; one that is pinned stays so.
    fn pin<'a>(&'a self, room: &'a str, message: &'a str) -> BoxFuture<'a, Answer<()>>;

    /// Archives the room; one that is archived, or gone, stays so.
    fn archive<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Answer<()>>;

    /// What was said since `cursor`; an empty one means since the room was opened.
    fn since<'a>(&'a self, room: &'a str, cursor: &'a str) -> BoxFuture<'a, Answer<Heard>>;

    /// Which of these messages are not there any more, where what is read on does not tell of deletions by itself. Few at
    /// once.
    fn gone<'a>(&'a self, room: &'a str, ids: &'a [String]) -> BoxFuture<'a, Answer<Vec<String>>> {
        let _ = (room, ids);
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Content of a file that came with a message, at most `max` bytes; none where the chat gives none out.
    fn fetch<'a>(&'a self, source: &'a str, max: u64) -> BoxFuture<'a, Answer<Option<Vec<u8>>>> {
        let _ = (source, max);
        Box::pin(async { Ok(None) })
    }
}

/// A meeting that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeetingWish {
    /// The same for every attempt.
    pub key: String,
    /// What it is called; says nothing where the incident is restricted.
    pub title: String,
    /// When it begins.
    pub at: Timestamp,
}

/// A meeting that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// Where people go.
    pub link: String,
    /// What else they need, in a sentence: a passcode, a number to call; may be empty.
    #[serde(default)]
    pub detail: String,
}

/// A system that opens video bridges.
pub trait Bridges: Send + Sync {
    /// `zoom/main`, `jitsi`.
    fn name(&self) -> &str;

    /// One cheap call.
    fn health(&self) -> BoxFuture<'_, Health>;

    /// Opens a meeting, or finds the one that was opened under this key where the system can.
    fn open<'a>(&'a self, wish: &'a MeetingWish) -> BoxFuture<'a, Answer<Meeting>>;
}

/// A name for a chat that takes lower-case letters, digits, `-` and `_`, at most `max` characters; `incident` where
/// nothing is left.
pub fn plain_name(name: &str, max: usize) -> String {
    let mut out = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        let plain = match c {
            'a'..='z' | '0'..='9' | '_' => c.to_string(),
            'ä' | 'æ' => "ae".to_owned(),
            'ö' | 'œ' | 'ø' => "oe".to_owned(),
            'ü' => "ue".to_owned(),
            'ß' => "ss".to_owned(),
            'à' | 'á' | 'â' | 'ã' | 'å' => "a".to_owned(),
            'ç' => "c".to_owned(),
            'è' | 'é' | 'ê' | 'ë' => "e".to_owned(),
            'ì' | 'í' | 'î' | 'ï' => "i".to_owned(),
            'ñ' => "n".to_owned(),
            'ò' | 'ó' | 'ô' | 'õ' => "o".to_owned(),
            'ù' | 'ú' | 'û' => "u".to_owned(),
            _ if out.is_empty() || out.ends_with('-') => continue,
            _ => "-".to_owned(),
        };
        if out.len() + plain.len() > max {
            break;
        }
        out.push_str(&plain);
    }
    let trimmed = out.trim_matches(['-', '_']);
    if trimmed.is_empty() { "incident".chars().take(max).collect() } else { trimmed.to_owned() }
}

/// The name with a number behind it, where the plain one is taken: `name-2`. Within `max` characters.
pub fn numbered_name(name: &str, number: u32, max: usize) -> String {
    if number < 2 {
        return name.chars().take(max).collect();
    }
    let tail = format!("-{number}");
    let head: String = name.chars().take(max.saturating_sub(tail.len())).collect();
    format!("{}{tail}", head.trim_end_matches(['-', '_']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_what_chats_take() {
        for (name, plain) in [
            ("inc-INC-2026-0042-Checkout is DOWN!", "inc-inc-2026-0042-checkout-is-down"),
            ("Zahlung schlägt fehl: 50 % größer", "zahlung-schlaegt-fehl-50-groesser"),
            ("決済", "incident"),
            ("--x--", "x"),
        ] {
            assert_eq!(plain_name(name, 80), plain);
        }
        assert_eq!(numbered_name("abc-def", 2, 6), "abc-2");
        assert_eq!(numbered_name("abc", 1, 80), "abc");
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_name(text in ".{0,120}", max in 8usize..90, number in 0u32..200) {
            let name = plain_name(&text, max);
            let numbered = numbered_name(&name, number, max);
            for name in [name, numbered] {
                prop_assert!(!name.is_empty() && name.len() <= max, "{name:?}");
                prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_'));
            }
        }
    }
}
