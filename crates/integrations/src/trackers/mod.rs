//! Trackers of issues: one folder a system, and their registry: `[trackers.NAME]`.

mod body;
mod github;
mod hook;
mod linear;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use firebell_core::ports::tracker::Tracker;
use serde::Deserialize;

use crate::settings::ConfigError;

pub use hook::{Heard, IssueHook};

/// One `[trackers.NAME]` entry; `kind` says which.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TrackerConfig {
    /// Linear.
    Linear(linear::Config),
    /// Issues of a repository on GitHub.
    Github(github::Config),
}

impl TrackerConfig {
    /// `linear/eng`: kind and name.
    pub fn full_name(&self, name: &str) -> String {
        let kind = match self {
            Self::Linear(_) => "linear",
            Self::Github(_) => "github",
        };
        format!("{kind}/{name}")
    }

    /// It is the one that is used where several are configured.
    pub fn is_default(&self) -> bool {
        match self {
            Self::Linear(c) => c.default,
            Self::Github(c) => c.default,
        }
    }

    /// Items of restricted incidents go there too.
    pub fn takes_restricted(&self) -> bool {
        match self {
            Self::Linear(c) => c.restricted,
            Self::Github(c) => c.restricted,
        }
    }
}

/// Builds a tracker; calls nothing.
///
/// # Errors
/// Names the field that cannot be used.
pub fn build(name: &str, config: &TrackerConfig) -> Result<Arc<dyn Tracker>, ConfigError> {
    Ok(match config {
        TrackerConfig::Linear(c) => Arc::new(linear::Linear::new(name, c)?),
        TrackerConfig::Github(c) => Arc::new(github::Github::new(name, c)?),
    })
}

/// Builds what reads a tracker's webhooks; none where no secret for it is configured.
///
/// # Errors
/// Names the field that cannot be used.
pub fn build_hook(name: &str, config: &TrackerConfig) -> Result<Option<Arc<dyn IssueHook>>, ConfigError> {
    fn shared<H: IssueHook + 'static>(hook: Option<H>) -> Option<Arc<dyn IssueHook>> {
        hook.map(|h| Arc::new(h) as Arc<dyn IssueHook>)
    }
    Ok(match config {
        TrackerConfig::Linear(c) => shared(linear::Hook::new(name, c)?),
        TrackerConfig::Github(c) => shared(github::Hook::new(name, c)?),
    })
}
