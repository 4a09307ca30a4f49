//! The twelve agents in their deterministic form. They read through ports, record every query as evidence and report
//! by the one contract of `core::agent`; nothing here can change a production system.
//!
//! [`AgentTeam`] runs them; [`catalogue`] lists them; [`assemble`] and [`verdict_of`] are the pure part of synthesis,
//! so that a replay comes to the same verdict from the same recorded evidence.

mod agents;
mod case;
mod facts;
pub mod live;
mod plan;
mod recovery;
mod registry;
mod run;
mod team;
mod tools;

#[cfg(test)]
mod tests;

pub use case::{Recorded, assemble, evidence_of_round, verdict_of};
pub use registry::catalogue;
pub use run::peak_rss;
pub use team::{AgentTeam, Clock, Tools};
