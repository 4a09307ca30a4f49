//! `/postmortems`: what there is to learn from, and the search over it.

pub(crate) mod find;
mod page;

pub(super) use page::page;
