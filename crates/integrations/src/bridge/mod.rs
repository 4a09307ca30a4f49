//! Video bridges: one file a system, and their registry: `[[bridges]]` and the built-in `jitsi`.

mod bearer;
mod jitsi;
mod link;
mod meet;
mod teams;
#[cfg(test)]
mod tests;
mod zoom;

use std::sync::Arc;

use firebell_core::ports::chat::Bridges;
use serde::Deserialize;

use crate::settings::ConfigError;

pub(crate) use bearer::{Bearer, health};

/// One `[[bridges]]` entry; `kind` says which.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BridgeConfig {
    /// A room of a Jitsi server.
    Jitsi(jitsi::Config),
    /// Zoom meetings.
    Zoom(zoom::Config),
    /// Google Meet.
    Meet(meet::Config),
    /// Microsoft Teams meetings.
    Teams(teams::Config),
    /// One fixed address for all incidents.
    Link(link::Config),
}

/// The bridge that needs no entry: a room of the public Jitsi server.
pub const DEFAULT: &str = "jitsi";

/// Builds a bridge; calls nothing.
///
/// # Errors
/// Names the field that cannot be used.
pub fn build(config: &BridgeConfig) -> Result<Arc<dyn Bridges>, ConfigError> {
    Ok(match config {
        BridgeConfig::Jitsi(c) => Arc::new(jitsi::Jitsi::new(c)?),
        BridgeConfig::Zoom(c) => Arc::new(zoom::Zoom::new(c)?),
        BridgeConfig::Meet(c) => Arc::new(meet::Meet::new(c)?),
        BridgeConfig::Teams(c) => Arc::new(teams::Teams::new(c)?),
        BridgeConfig::Link(c) => Arc::new(link::Link::new(c)?),
    })
}

/// The built-in one. `key` is a secret by which its rooms have names that nobody guesses.
///
/// # Errors
/// None in practice: its address is a constant.
pub fn default(key: &str) -> Result<Arc<dyn Bridges>, ConfigError> {
    Ok(Arc::new(jitsi::Jitsi::built_in(key)?))
}
