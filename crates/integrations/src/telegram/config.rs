//! What `[[notifiers]] kind = "telegram"` holds.

use std::path::PathBuf;

use serde::Deserialize;

use crate::settings::{Connection, Secret};

/// One bot and where its messages go.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; channels say `telegram/NAME`.
    pub name: String,
    /// Of the bot, from @BotFather: `123456:ABC…`.
    pub token: Secret,
    /// Ids of chats, or `@names` of public channels, for messages that name none.
    #[serde(default)]
    pub to: Vec<String>,
    /// The `secret_token` that was given to `setWebhook`: what people press is checked by it. Without it pages carry links
    /// and no buttons.
    #[serde(default)]
    pub secret_token: Option<Secret>,
    /// Base of the Bot API.
    #[serde(default = "url")]
    pub url: String,
    /// PEM file of certificates to trust besides those of the machine.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// For one call, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

fn url() -> String {
    "https://api.telegram.org".to_owned()
}

fn timeout() -> f64 {
    10.0
}

impl Config {
    pub(super) fn connection(&self) -> Connection {
        Connection {
            url: self.url.clone(),
            ca_file: self.ca_file.clone(),
            timeout_s: self.timeout_s,
            max_body: 256 << 10,
            ..Connection::default()
        }
    }
}
