//! Grafana's alert webhook, version 1. Querying Grafana is not here.

mod parse;
#[cfg(test)]
mod tests;

pub use parse::SOURCE;
