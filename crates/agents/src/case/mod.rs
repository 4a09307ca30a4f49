//! The pure part of synthesis: recorded evidence to telemetry, telemetry to verdict. No ports, no clock.

mod assemble;
mod doubt;
mod twice;
mod verdict;

pub use assemble::{Recorded, assemble, evidence_of_round};
pub(crate) use assemble::{key_order, take_up};
#[cfg(test)]
pub(crate) use doubt::doubt;
pub use verdict::verdict_of;
pub(crate) use verdict::{judge, settings};
