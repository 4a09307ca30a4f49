//! What `[[notifiers]] kind = "mattermost"` holds.

use std::path::PathBuf;

use serde::Deserialize;

use crate::settings::{Connection, Secret};

/// One server and where its messages go.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; channels say `mattermost/NAME`.
    pub name: String,
    /// The server: `https://chat.example.com`. With `token`.
    #[serde(default)]
    pub url: Option<String>,
    /// Access token of a bot account.
    #[serde(default)]
    pub token: Option<Secret>,
    /// Address of an incoming webhook, instead of url and token.
    #[serde(default)]
    pub webhook_url: Option<Secret>,
    /// Ids of channels (26 letters and digits) for messages that name none; with `token`.
    #[serde(default)]
    pub to: Vec<String>,
    /// Id of the team in which rooms of incidents are opened; with `token`. Without it there are none.
    #[serde(default)]
    pub team: Option<String>,
    /// Where Mattermost tells us that a button was pressed; with `action_secret`.
    #[serde(default)]
    pub callback_url: Option<String>,
    /// Signs what buttons carry, for Mattermost itself signs nothing; at least 16 characters.
    #[serde(default)]
    pub action_secret: Option<Secret>,
    /// Token of the slash command or outgoing webhook.
    #[serde(default)]
    pub command_token: Option<Secret>,
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
            url: self.url.clone().unwrap_or_default(),
            bearer_token: self.token.clone(),
            ca_file: self.ca_file.clone(),
            timeout_s: self.timeout_s,
            max_body: 256 << 10,
            ..Connection::default()
        }
    }
}
