//! Effects that were given up.

pub(super) mod list;
pub(super) mod retry;
