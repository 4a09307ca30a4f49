//! Tests of the engine: simulations at three levels, single effects, and the handle with its writer thread.

mod effects;
mod handle;
mod intake;
mod oncall;
mod rooms;
mod simulation;
mod trackers;
mod untold;
