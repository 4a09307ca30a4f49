//! Deterministic simulation: a virtual clock, an engine on a store that fails on purpose, an outside world of fakes,
//! random steps from a seed, and the invariants that must hold after each of them. Only for tests.
//!
//! [`model`] runs the pure core alone; [`world`] runs the engine's machine and its executor on a store. A run is a
//! list of steps, each with a seed of its own, so that a failing run can be made shorter by leaving steps out.

pub mod agents;
pub mod chat;
pub mod dice;
pub mod invariants;
pub mod model;
pub mod people;
pub mod runner;
pub mod samples;
pub mod vendor;
pub mod world;
