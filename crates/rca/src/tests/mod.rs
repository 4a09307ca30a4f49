//! Whole investigations on synthetic telemetry of a small company, many seeds each.

mod calls;
mod changes;
mod cluster;
mod colocation;
mod company;
mod disturbed;
pub(crate) mod faults;
mod labels;
mod noise;
mod order;
mod properties;
mod queries;
mod season;
mod shapes;
mod signs;
mod traces_in_logs;
mod warnings;
