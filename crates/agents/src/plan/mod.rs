//! From hypotheses to typed plans: what the cause calls for, crossed with what the platform can do.

mod accounts;
mod draft;
mod fill;
mod rank;
mod targets;

pub(crate) use accounts::{Attempts, attempts};
pub(crate) use rank::{TRIED, plans};
pub(crate) use targets::Situation;
