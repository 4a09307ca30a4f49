//! OTLP/HTTP: bodies that exporters post, decoded into a bounded store in memory that investigations query. For the
//! demo and for small teams that run no other telemetry system. <https://opentelemetry.io/docs/specs/otlp/>

mod clean;
mod config;
mod convert;
mod decode;
mod ingest;
mod journal;
mod metrics;
mod names;
mod query;
mod store;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use ingest::{Reply, Signal, handle};
pub use store::{Fill, OtlpStore};
