//! Microsoft Teams: Adaptive Cards by a Workflows webhook, and what people write to an outgoing webhook. The rooms of
//! incidents are not here.

mod config;
mod inbound;
mod notifier;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use inbound::{Settings, parse};
pub use notifier::MsTeams;
