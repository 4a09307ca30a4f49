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

// Telemetry, platforms, notifiers.
mod answers;
pub mod backends;
pub mod changes;
#[cfg(test)]
mod doubles;
pub mod email;
pub mod http;
pub mod jaeger;
pub mod limits;
pub mod logfiles;
pub mod otlp;
pub mod platform;
pub mod prometheus;
mod sample;
pub mod settings;
mod spans;
pub mod webhook;
