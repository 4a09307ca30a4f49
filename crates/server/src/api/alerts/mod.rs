//! Alerts, as they were folded from signals.

mod list;

pub(super) use list::operation;
