//! The change ledger.

mod list;

pub(super) use list::operation;
