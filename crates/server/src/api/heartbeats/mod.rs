//! Heartbeats that others send, and our own.

mod list;

use super::spec::Operation;

/// Their declarations.
pub(super) fn operations() -> [Operation; 1] {
    [list::operation()]
}
