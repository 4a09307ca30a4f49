//! The systems that Firebell is configured with.

mod list;
mod test;

use super::spec::Operation;

/// Their declarations.
pub(super) fn operations() -> [Operation; 2] {
    [list::operation(), test::operation()]
}
