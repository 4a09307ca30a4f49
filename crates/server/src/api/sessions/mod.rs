//! Sessions of the page: where people are signed in.

mod end;
mod list;

use super::spec::Operation;

/// Their declarations.
pub(super) fn operations() -> [Operation; 2] {
    [list::operation(), end::operation()]
}
