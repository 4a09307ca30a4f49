//! What `[[notifiers]] kind = "ntfy"` holds.

use std::path::PathBuf;

use serde::Deserialize;

use crate::settings::{Connection, Secret};

/// One server and its topics.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; channels say `ntfy/NAME`.
    pub name: String,
    /// The server.
    #[serde(default = "url")]
    pub url: String,
    /// Access token (`tk_…`), where the topics are protected; they should be.
    #[serde(default)]
    pub token: Option<Secret>,
    /// Topics for messages that name none. Whoever knows the name of an open topic can read it.
    #[serde(default)]
    pub to: Vec<String>,
    /// PEM file of certificates to trust besides those of the machine.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// For one call, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

fn url() -> String {
    "https://ntfy.sh".to_owned()
}

fn timeout() -> f64 {
    10.0
}

impl Config {
    pub(super) fn connection(&self) -> Connection {
        Connection {
            url: self.url.clone(),
            bearer_token: self.token.clone(),
            ca_file: self.ca_file.clone(),
            timeout_s: self.timeout_s,
            max_body: 64 << 10,
            ..Connection::default()
        }
    }
}
