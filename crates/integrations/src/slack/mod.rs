//! Slack: messages with buttons by `chat.postMessage` or an incoming webhook, and what people answer there: buttons, slash
//! commands, messages and reactions. Which incident a channel belongs to is not known here.

mod blocks;
mod config;
mod controls;
mod inbound;
mod notifier;
mod place;
mod room;

#[cfg(test)]
mod control_tests;
#[cfg(test)]
mod room_tests;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use inbound::{Settings, parse};
pub use notifier::Slack;
pub use room::SlackRooms;
