//! What is known of an incident's rooms.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The rooms of an incident, its bridge, and what was said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rooms {
    /// The latest room of each chat.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub chats: BTreeMap<String, Room>,
    /// The video bridge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge: Option<Bridge>,
    /// Messages in the timeline: by chat, then by id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub said: BTreeMap<String, BTreeMap<String, SaidMark>>,
}

/// Where a room stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomState {
    /// Asked for.
    Asked,
    /// People can go there.
    Open,
    /// It could not be opened.
    Failed,
    /// Deleted or archived there by somebody.
    Lost,
    /// Left, because the incident was restricted.
    Left,
    /// To be archived.
    Archiving,
    /// Archived.
    Archived,
}

/// A room of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Version of the event that asked for it: what belongs to an earlier room of the chat is not meant for this one.
    pub ask: u64,
    /// Where it stands.
    pub state: RoomState,
    /// Only who is invited sees it.
    pub private: bool,
    /// A person said that it may be open though the incident is restricted.
    #[serde(default)]
    pub open_by_person: bool,
    /// Name: as wanted, then as it is.
    pub name: String,
    /// Id in the chat.
    #[serde(default)]
    pub id: Option<String>,
    /// Where people go.
    #[serde(default)]
    pub link: Option<String>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it was there.
    #[serde(default)]
    pub opened_at: Option<Timestamp>,
    /// Why it failed, is lost or was left.
    #[serde(default)]
    pub reason: Option<String>,
    /// Why what is said there is not heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unheard: Option<String>,
    /// Channels in which it is announced.
    #[serde(default)]
    pub announce: Vec<String>,
    /// Who was invited, each with the version of the event on which they were.
    #[serde(default)]
    pub invited: BTreeMap<String, u64>,
    /// Who could not be invited.
    #[serde(default)]
    pub unknown: BTreeSet<String>,
    /// The post that is under way.
    #[serde(default)]
    pub posting: Option<Posting>,
    /// Version of the last event that waits to be told there, behind the post that is under way.
    #[serde(default)]
    pub waiting: Option<u64>,
    /// The topic as it was last set.
    #[serde(default)]
    pub topic: Option<String>,
    /// The topic that is being set.
    #[serde(default)]
    pub topic_asked: Option<TopicAsked>,
}

/// A post that is under way: what events `from` to `upto` say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Version of the first event.
    pub from: u64,
    /// Version of the last event.
    pub upto: u64,
    /// Version of the event on which it was asked for.
    pub asked: u64,
    /// It opens the room and is pinned.
    #[serde(default)]
    pub welcome: bool,
}

/// A topic that is being set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicAsked {
    /// Version of the event on which it was asked for.
    pub asked: u64,
    /// The topic.
    pub topic: String,
}

/// A video bridge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridge {
    /// Version of the event that asked for it.
    pub ask: u64,
    /// `zoom/main`, `jitsi`.
    pub bridge: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Where people go, once it is there.
    #[serde(default)]
    pub link: Option<String>,
    /// What else they need.
    #[serde(default)]
    pub detail: String,
    /// Why it could not be opened.
    #[serde(default)]
    pub reason: Option<String>,
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

impl Room {
    /// Whether people are there.
    pub fn is_open(&self) -> bool {
        self.state == RoomState::Open
    }

    /// Whether it is there or on its way.
    pub fn is_live(&self) -> bool {
        matches!(self.state, RoomState::Asked | RoomState::Open)
    }

    /// Whether it may hear of an incident that is secret or not.
    pub fn may_hear(&self, secret: bool) -> bool {
        !secret || self.private || self.open_by_person
    }
}

impl Rooms {
    /// Whether nothing is known; it is not written then.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The room of a chat under this asking, if it is still the one.
    pub fn asked(&self, chat: &str, ask: u64) -> Option<&Room> {
        self.chats.get(chat).filter(|room| room.ask == ask)
    }

    /// Rooms in which people are, by chat.
    pub fn open(&self) -> impl Iterator<Item = (&String, &Room)> {
        self.chats.iter().filter(|(_, room)| room.is_open())
    }

    /// The chat whose room has this id.
    pub fn chat_of(&self, id: &str) -> Option<&str> {
        self.chats.iter().find(|(_, r)| r.id.as_deref() == Some(id)).map(|(chat, _)| chat.as_str())
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
