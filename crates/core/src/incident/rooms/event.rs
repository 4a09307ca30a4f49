//! What happened in and to rooms.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::said::Said;

/// What happened in or to a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "room", rename_all = "snake_case")]
pub enum RoomEvent {
    /// A room is wanted.
    Asked {
        /// Which chat.
        chat: String,
        /// Name that is wanted.
        name: String,
        /// Only who is invited sees it.
        private: bool,
        /// A person said that it may be open though the incident is restricted.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        open_by_person: bool,
        /// People who are invited besides those who take part.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        invite: Vec<String>,
        /// Channels in which it is announced.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        announce: Vec<String>,
    },
    /// It is there.
    Opened {
        /// Which chat.
        chat: String,
        /// Its id there.
        id: String,
        /// Its name, which may be another than was wanted.
        name: String,
        /// Where people go.
        link: String,
    },
    /// Somebody gave it another name there. It is known by its id.
    Renamed {
        /// Which chat.
        chat: String,
        /// The new name.
        name: String,
    },
    /// It could not be opened; a person must look.
    Failed {
        /// Which chat.
        chat: String,
        /// Why.
        reason: String,
    },
    /// It is gone: deleted or archived by somebody there. A person may ask for another.
    Lost {
        /// Which chat.
        chat: String,
        /// What was found.
        reason: String,
    },
    /// It is left, because the incident is restricted now and the room is not.
    Left {
        /// Which chat.
        chat: String,
        /// Why.
        reason: String,
    },
    /// A room was opened when it was not wanted any more: it is archived at once.
    Strayed {
        /// Which chat.
        chat: String,
        /// Its id there.
        id: String,
    },
    /// Its topic says this now.
    TopicSet {
        /// Which chat.
        chat: String,
        /// The topic.
        topic: String,
    },
    /// People were brought in.
    Invited {
        /// Which chat.
        chat: String,
        /// Who is there now.
        people: Vec<String>,
        /// Who could not be invited, and why.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unknown: Vec<(String, String)>,
    },
    /// The record was told there up to this version.
    Posted {
        /// Which chat.
        chat: String,
        /// Version of the last event told.
        upto: u64,
        /// Why it is not pinned, where it was to be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unpinned: Option<String>,
        /// Why the chat never takes it, where it was passed over for what comes after it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
    },
    /// What is said there cannot be read any more, or, without a reason, is read again.
    Unheard {
        /// Which chat.
        chat: String,
        /// Why, and what to do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// It is to be archived.
    ArchiveAsked {
        /// Which chat.
        chat: String,
    },
    /// It was archived.
    Archived {
        /// Which chat.
        chat: String,
    },
    /// A video bridge is wanted.
    BridgeAsked {
        /// Which bridge.
        bridge: String,
    },
    /// It is there.
    BridgeOpened {
        /// Which bridge.
        bridge: String,
        /// Where people go.
        link: String,
        /// What else they need; may be empty.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        detail: String,
    },
    /// It could not be opened.
    BridgeFailed {
        /// Which bridge.
        bridge: String,
        /// Why.
        reason: String,
    },
    /// Something said in a chat belongs to the timeline.
    Said(Said),
    /// Files of a message were fetched and kept with the evidence.
    Kept {
        /// Version of the event that brought the message.
        version: u64,
        /// Position of each file, and SHA-256 of its content.
        files: Vec<(usize, String)>,
        /// What could not be kept, and why.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        problems: Vec<String>,
    },
    /// What was said was edited there afterwards. The first text stays in the record.
    Reworded {
        /// Which chat.
        chat: String,
        /// Id of the message there.
        id: String,
        /// What it says now.
        text: String,
        /// When it was edited.
        when: Timestamp,
    },
    /// What was said was deleted there, or its mark was taken away. The record keeps it.
    Unsaid {
        /// Which chat.
        chat: String,
        /// Id of the message there.
        id: String,
        /// When.
        when: Timestamp,
    },
}

/// What was noticed about a room by whoever looked at it. Only the engine says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum RoomNews {
    /// It has another name.
    Renamed {
        /// Id of the room.
        id: String,
        /// The name.
        name: String,
    },
    /// What is said there cannot be read, until somebody mends it.
    Unheard {
        /// Id of the room.
        id: String,
        /// Why, and what to do.
        reason: String,
    },
    /// It is read again.
    Heard {
        /// Id of the room.
        id: String,
    },
    /// The chat never takes a post; what comes after it goes on.
    Refused {
        /// Id of the room.
        id: String,
        /// Version of the last event of the post.
        upto: u64,
        /// What the chat says.
        reason: String,
    },
    /// It is gone.
    Lost {
        /// Id of the room.
        id: String,
        /// What was found.
        reason: String,
    },
}
