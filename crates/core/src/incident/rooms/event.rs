//! What happened in and to rooms.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::said::Said;

/// What happened in or to a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "room", rename_all = "snake_case")]
pub enum RoomEvent {
    /// Something said in a chat belongs to the timeline.
    Said(Said),
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
