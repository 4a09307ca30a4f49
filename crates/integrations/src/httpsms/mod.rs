//! Any provider of SMS or calls with an HTTP API: address, method, headers and body are templates, and what counts as taken
//! is said in the configuration.

mod config;
mod notifier;
mod template;

#[cfg(test)]
mod tests;

pub use config::{Config, Format, Mode};
pub use notifier::HttpSms;
