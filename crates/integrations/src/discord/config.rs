//! What `[[notifiers]] kind = "discord"` holds.

use std::path::PathBuf;

use serde::Deserialize;

use crate::settings::{Connection, Secret};

/// One webhook: one channel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; channels say `discord/NAME`.
    pub name: String,
    /// The webhook's address; whoever knows it may post.
    pub webhook_url: Secret,
    /// Public key of the application that owns the webhook: what people press is checked by it. Without it pages carry
    /// links and no buttons that answer.
    #[serde(default)]
    pub public_key: Option<String>,
    /// PEM file of certificates to trust besides those of the machine.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// For one call, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

fn timeout() -> f64 {
    10.0
}

impl Config {
    pub(super) fn connection(&self) -> Connection {
        Connection {
            ca_file: self.ca_file.clone(),
            timeout_s: self.timeout_s,
            max_body: 256 << 10,
            ..Connection::default()
        }
    }
}
