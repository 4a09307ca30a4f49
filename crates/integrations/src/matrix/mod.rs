//! Matrix: messages in rooms and to people, and what was said and reacted to in them since the last look.

mod config;
mod direct;
mod inbound;
mod notifier;
mod room;

#[cfg(test)]
mod direct_tests;
#[cfg(test)]
mod room_tests;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use inbound::{Synced, parse_sync};
pub use notifier::Matrix;
pub use room::MatrixRooms;
