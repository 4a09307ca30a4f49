//! Rooms outside: channels of chats and video bridges that stand beside the incident's own page. What is wanted is
//! policy's ([`crate::policy::WarRoom`]); what became of it is in the record, and so is what was said there.
//!
//! What a room is told follows from the record alone: [`follow`] notes in the state what is due, [`effects`] asks for it.
//! Of each room one post is under way at a time, so that posts keep their order; what comes meanwhile waits and goes out
//! as one. The topic likewise: only the latest matters.

mod apply;
mod commands;
mod controls;
mod due;
mod effect;
mod event;
mod finish;
mod lines;
mod said;
mod stand;
mod state;
mod words;

pub(super) use apply::apply;
pub(super) use commands::{archive_now, news, open};
pub use controls::{controls, decisions, go_and_no_go};
pub use due::topic;
pub(super) use due::{effects, follow};
pub use effect::RoomEffect;
pub use event::{RoomEvent, RoomNews};
pub(super) use finish::finish;
pub use lines::{line, welcome};
pub use said::{Attachment, Said};
pub(super) use said::{record as record_said, unsay};
pub(super) use stand::{archive, archive_at, stand};
pub use state::{Bridge, Posting, Room, RoomState, Rooms, SaidMark};
pub(super) use words::words;
