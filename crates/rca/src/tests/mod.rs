//! Whole investigations on synthetic telemetry of a small company, many seeds each.

mod calls;
mod company;
mod disturbed;
mod faults;
mod properties;
mod queries;
