//! The audit log.

mod list;

pub(super) use list::operation;
