//! Microsoft Teams: Adaptive Cards by a Workflows webhook, and what people write to an outgoing webhook. The rooms of
//! incidents are not here.

mod config;
mod graph;
mod inbound;
mod notifier;
mod room;

#[cfg(test)]
mod room_tests;
#[cfg(test)]
mod tests;

pub use config::{Config, RoomsConfig};
pub(crate) use graph::Graph;
pub use graph::GraphConfig;
pub use inbound::{Settings, parse};
pub use notifier::MsTeams;
pub use room::MsTeamsRooms;
