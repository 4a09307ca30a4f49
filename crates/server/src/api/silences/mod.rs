//! Silences, made and ended by people.

mod create;
mod expire;
mod list;

pub(super) use create::create;
pub(super) use expire::expire;
pub(super) use list::list;
