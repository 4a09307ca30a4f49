//! What the pages know of all incidents, in memory: one [`Case`] each, and an index of their words. Made when a page
//! first asks, caught up with the record at every look, read off the async threads.

mod case;
mod index;
mod keep;
mod snippet;

pub(crate) use case::{Case, Hurt, Need};
pub(crate) use keep::{Archive, Known, Reading, look, look_whole, postmortem_text};
pub(crate) use snippet::{Piece, snippet};
