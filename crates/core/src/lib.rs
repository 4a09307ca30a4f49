//! The pure domain of Firebell: what an incident is, how it is decided, and the ports through which the rest of
//! the world is reached. No I/O, no clock, no randomness, no threads: everything non-deterministic comes in as
//! data and is recorded.

pub mod cause;
pub mod change;
pub mod ids;
pub mod telemetry;
pub mod verdict;
