//! What `[[notifiers]] kind = "matrix"` holds.

use std::path::PathBuf;

use serde::Deserialize;

use crate::settings::{Connection, Secret};

/// One account and where its messages go.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; channels say `matrix/NAME`.
    pub name: String,
    /// The homeserver: `https://matrix.example.com`.
    pub url: String,
    /// Access token of the account. A repetition is told by it and the message's key, so it should stay the same.
    pub token: Secret,
    /// Ids of rooms (`!…`) that the account is in, or accounts (`@…`), for messages that name none.
    #[serde(default)]
    pub to: Vec<String>,
    /// Mention the whole room in pages; the account needs the power for it.
    #[serde(default)]
    pub mention_room: bool,
    /// PEM file of certificates to trust besides those of the machine.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// For one call, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

fn timeout() -> f64 {
    15.0
}

impl Config {
    pub(super) fn connection(&self) -> Connection {
        Connection {
            url: self.url.clone(),
            bearer_token: Some(self.token.clone()),
            ca_file: self.ca_file.clone(),
            timeout_s: self.timeout_s,
            max_body: 4 << 20,
            ..Connection::default()
        }
    }
}
