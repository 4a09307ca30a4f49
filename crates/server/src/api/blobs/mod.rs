//! Evidence by content hash.

mod show;

pub(super) use show::operation;
