//! Rooms outside: channels of chats and video bridges that stand beside the incident's own page. What is wanted is
//! policy's ([`crate::policy::WarRoom`]); what became of it is in the record, and so is what was said there.

mod apply;
mod event;
mod said;
mod state;
mod words;

pub(super) use apply::apply;
pub use event::RoomEvent;
pub use said::{Attachment, Said};
pub(super) use said::{record as record_said, unsay};
pub use state::{Rooms, SaidMark};
pub(super) use words::words;
