//! One run of one agent: what it may use, what it has gathered, and its report in the making.

mod budget;
mod gather;
mod memory;
mod reading;
mod state;

pub use memory::peak_rss;
pub(crate) use reading::{clip, percent};
pub(crate) use state::{Held, Run, Trail};
