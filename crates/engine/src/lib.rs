//! The shell around the core: one writer thread that decides and commits, a dispatcher that carries effects out.
//! Knows stores, agents, notifiers and platforms by their ports only.

pub mod ack;
pub mod dispatcher;
pub mod effects;
mod follow;
pub mod handle;
pub mod listen;
pub mod machine;
pub mod pulse;
pub mod track;
