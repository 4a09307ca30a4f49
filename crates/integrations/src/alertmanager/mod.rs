//! Alertmanager: its webhook (version 4) read, and its API v2 served, so that a Prometheus can name Firebell as an
//! Alertmanager. Querying an Alertmanager is not here.

pub mod api;
mod parse;
#[cfg(test)]
mod tests;

pub use parse::SOURCE;
