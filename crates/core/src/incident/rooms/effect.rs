//! What is to be done to rooms outside.

use serde::{Deserialize, Serialize};

/// One thing to be done to a room. `ask` says which asking it belongs to: what is meant for a room that was lost since
/// does nothing to the one after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum RoomEffect {
    /// Open it, or find it.
    Open {
        /// Which chat.
        chat: String,
        /// Which asking.
        ask: u64,
    },
    /// Set its topic to what is true when this is carried out.
    Topic {
        /// Which chat.
        chat: String,
        /// Which asking.
        ask: u64,
    },
    /// Bring people in.
    Invite {
        /// Which chat.
        chat: String,
        /// Which asking.
        ask: u64,
        /// Who.
        people: Vec<String>,
    },
    /// Tell what the events `from` to `upto` say; `welcome`: say what the room is for instead, and pin it.
    Post {
        /// Which chat.
        chat: String,
        /// Which asking.
        ask: u64,
        /// Version of the first event.
        from: u64,
        /// Version of the last event.
        upto: u64,
        /// The opening message.
        welcome: bool,
    },
    /// Tell one of the chat's other channels that it is open.
    Announce {
        /// Which chat.
        chat: String,
        /// Which asking.
        ask: u64,
        /// The other channel.
        channel: String,
    },
    /// Archive it.
    Archive {
        /// Which chat.
        chat: String,
        /// Which asking.
        ask: u64,
        /// Its id.
        id: String,
    },
    /// Fetch the files of the message that came with the event `version`, and keep them with the evidence.
    Keep {
        /// Version of the event.
        version: u64,
    },
    /// Open a video bridge.
    Bridge {
        /// Which bridge.
        bridge: String,
        /// Which asking.
        ask: u64,
    },
}

impl RoomEffect {
    /// All kinds.
    pub const KINDS: [&str; 8] = [
        "open_room",
        "room_topic",
        "room_invite",
        "room_post",
        "room_announce",
        "archive_room",
        "open_bridge",
        "keep_files",
    ];

    /// The kind, as in the tables and metrics.
    pub fn kind(&self) -> &'static str {
        let at = match self {
            Self::Open { .. } => 0,
            Self::Topic { .. } => 1,
            Self::Invite { .. } => 2,
            Self::Post { .. } => 3,
            Self::Announce { .. } => 4,
            Self::Archive { .. } => 5,
            Self::Bridge { .. } => 6,
            Self::Keep { .. } => 7,
        };
        Self::KINDS[at]
    }
}
