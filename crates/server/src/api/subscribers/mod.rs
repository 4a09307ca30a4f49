//! Subscribers of the status page.

mod list;
mod remove;
mod retry;

use super::spec::Operation;

/// Their declarations.
pub(super) fn operations() -> [Operation; 3] {
    [list::operation(), remove::operation(), retry::operation()]
}
