//! Pushover: push messages that ring again and again until somebody acknowledges, and the receipts of that.

mod config;
mod inbound;
mod notifier;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use inbound::{Settings, parse};
pub use notifier::Pushover;
