//! How the shop is operated: the platform API, the control API of drills, and the delivery of change events.

mod actions;
mod api;
mod apply;
mod control;
mod delivery;
mod smoke;

pub(crate) use api::{Platform, router};
pub(crate) use delivery::{post, run_changes};
