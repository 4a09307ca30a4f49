//! The agents' catalogue.

mod list;

pub(super) use list::operation;
