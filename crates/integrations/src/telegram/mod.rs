//! Telegram: messages with buttons by a bot, and what people press and write to it.

mod config;
mod inbound;
mod notifier;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use inbound::{Settings, parse};
pub use notifier::Telegram;
