//! The timeline of everything, as it happens.

mod follow;

pub(super) use follow::operation;
