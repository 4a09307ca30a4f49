//! Discord: messages by a channel's webhook, and what people press and command where the webhook is an application's own.

mod config;
mod inbound;
mod notifier;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use inbound::{Settings, parse};
pub use notifier::Discord;
