//! What was said in a chat and marked for the timeline: taken in once, however often it is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::command::Rejection;
use super::super::event::Event;
use super::super::state::{Incident, sha256};
use super::RoomEvent;

/// Longest text that is kept, bytes; what is longer is cut.
const MAX_TEXT: usize = 16_000;
/// So many entries from chats an incident takes; marks are set by people, so more is somebody's script.
const MAX_SAID: usize = 5_000;
/// Files of one message that are kept.
const MAX_FILES: usize = 20;
/// Longest name, link or id, bytes.
const MAX_NAME: usize = 1_000;

/// A message in a chat that belongs to the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The chat as configured: `slack/ops`.
    pub chat: String,
    /// Id of the message, unique in the chat: `CHANNEL:MESSAGE` where ids are those of a channel.
    pub id: String,
    /// Who said it, as the chat shows them.
    pub author: String,
    /// Their account there.
    pub account: String,
    /// The text, without the mark.
    pub text: String,
    /// Files that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// When it was said, by the chat's clock.
    pub when: Timestamp,
}

/// A file that came with a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Attachment {
    /// File name; outside text.
    pub name: String,
    /// Media type, as the chat says.
    pub media_type: String,
    /// Size, bytes; 0 where it is not known.
    pub size: u64,
    /// Where people see it in the chat.
    pub link: String,
    /// Where it is fetched from, with the chat's own credentials; what the chat's adapter understands.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// SHA-256 of the content among the evidence, where it was fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Takes in what was said. The same message again is a no-op; with another text it was edited.
pub(in super::super) fn record(i: &Incident, said: &Said) -> Result<Vec<Event>, Rejection> {
    let (chat, id) = (named("chat", &said.chat)?, named("id", &said.id)?);
    let text = cut(said.text.trim(), MAX_TEXT).to_owned();
    if text.is_empty() && said.attachments.is_empty() {
        return Err(Rejection::invalid("text", "must not be empty where there is no attachment"));
    }
    if let Some(mark) = i.rooms.said(&chat, &id) {
        if !mark.gone && mark.text_sha256 == sha256(&text) {
            return Ok(Vec::new());
        }
        return Ok(vec![Event::Room(RoomEvent::Reworded { chat, id, text, when: said.when })]);
    }
    if i.rooms.said_count() >= MAX_SAID {
        let why = format!("{MAX_SAID} messages of chats are in the timeline; add a note on the page instead");
        return Err(Rejection::not_now("another message in the timeline", why));
    }
    let files = said.attachments.iter().take(MAX_FILES).map(|file| Attachment {
        name: cut(&file.name, MAX_NAME).to_owned(),
        media_type: cut(&file.media_type, MAX_NAME).to_owned(),
        link: cut(&file.link, MAX_NAME).to_owned(),
        source: cut(&file.source, MAX_NAME).to_owned(),
        ..file.clone()
    });
    let said = Said {
        chat,
        id,
        author: cut(said.author.trim(), MAX_NAME).to_owned(),
        account: cut(said.account.trim(), MAX_NAME).to_owned(),
        text,
        attachments: files.collect(),
        when: said.when,
    };
    Ok(vec![Event::Room(RoomEvent::Said(said))])
}

/// What was said was deleted, or is not marked any more: told, once. What never came in is nothing to tell of.
pub(in super::super) fn unsay(i: &Incident, chat: &str, id: &str, when: Timestamp) -> Vec<Event> {
    match i.rooms.said(chat, id) {
        Some(mark) if !mark.gone => {
            vec![Event::Room(RoomEvent::Unsaid { chat: chat.to_owned(), id: id.to_owned(), when })]
        }
        _ => Vec::new(),
    }
}

fn named(field: &str, text: &str) -> Result<String, Rejection> {
    super::super::commands::required(field, text, MAX_NAME)
}

/// At most so many bytes, whole characters.
fn cut(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
