//! `/postmortems`: what there is to learn from, and the search over it.

mod find;
mod page;

pub(super) use page::page;
