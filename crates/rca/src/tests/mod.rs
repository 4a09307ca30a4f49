//! Whole investigations on synthetic telemetry of a small company, many seeds each.

mod calls;
mod changes;
mod cluster;
mod company;
mod disturbed;
pub(crate) mod faults;
mod properties;
mod queries;
