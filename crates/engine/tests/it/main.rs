//! Tests of the engine: simulations at three levels, and the handle with its writer thread.

mod handle;
mod intake;
mod simulation;
