//! Adapters to the outside world: one folder per vendor or protocol, one file per port it implements.

pub mod alertmanager;
mod body;
pub mod bundle;
pub mod cdevents;
pub mod change;
pub mod generic;
pub mod github;
pub mod grafana;
pub mod pagerduty;
pub mod registry;
pub mod report;
pub mod source_config;
#[cfg(test)]
mod testing;
