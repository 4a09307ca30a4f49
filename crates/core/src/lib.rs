//! The pure domain of Firebell: what an incident is, how it is decided, and the ports through which the rest of
//! the world is reached. No I/O, no clock, no randomness, no threads: everything non-deterministic comes in as
//! data and is recorded.

pub mod agent;
pub mod alert;
pub mod audit;
pub mod cause;
pub mod change;
pub mod comms;
pub mod cx;
pub mod effect;
pub mod evidence;
pub mod ids;
pub mod incident;
pub mod intake;
pub mod mitigation;
pub mod next_query;
pub mod policy;
pub mod ports;
pub mod review;
pub mod secrets;
pub mod severity;
pub mod signal;
pub mod silence;
pub mod telemetry;
pub mod verdict;
