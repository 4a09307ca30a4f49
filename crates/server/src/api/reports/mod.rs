//! Reports over many incidents.

mod weekly;

pub(super) use weekly::operation;
