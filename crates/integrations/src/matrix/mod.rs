//! Matrix: messages in rooms, and what was said and reacted to in them since the last look.

mod config;
mod inbound;
mod notifier;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use inbound::{Synced, parse_sync};
pub use notifier::Matrix;
