//! Effects that were given up.

mod list;
mod retry;

pub(super) use list::list;
pub(super) use retry::retry;
