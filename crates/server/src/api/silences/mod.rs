//! Silences, made and ended by people.

pub(super) mod create;
pub(super) mod expire;
pub(super) mod list;
