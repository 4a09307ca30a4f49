//! The Prometheus HTTP API (`/api/v1`): Prometheus itself, VictoriaMetrics, Mimir, Thanos. Reads raw series; rates
//! and quantiles are the analysis' work. <https://prometheus.io/docs/prometheus/latest/querying/api/>

mod client;
mod config;
mod select;
mod source;
mod wire;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use source::Prometheus;
