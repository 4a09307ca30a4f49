//! Reports over many incidents.

mod trends;
mod weekly;

pub(super) use trends::trends_schema;

use super::spec::Operation;

/// Their declarations.
pub(super) fn operations() -> [Operation; 2] {
    [weekly::operation(), trends::operation()]
}
