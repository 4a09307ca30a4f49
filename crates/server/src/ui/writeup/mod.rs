//! Writing a postmortem anew: the one that was made from the record is where people begin.

mod edit;

pub(super) use edit::{edit, save};
