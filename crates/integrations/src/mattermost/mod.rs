//! Mattermost: posts with buttons by its API or an incoming webhook, and what people press and command.

mod config;
mod controls;
mod direct;
mod inbound;
mod notifier;
mod room;

#[cfg(test)]
mod control_tests;
#[cfg(test)]
mod direct_tests;
#[cfg(test)]
mod room_tests;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use inbound::{Settings, parse};
pub use notifier::Mattermost;
pub use room::MattermostRooms;
