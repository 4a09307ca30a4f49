//! What `[[notifiers]] kind = "slack"` holds.

use std::path::PathBuf;

use serde::Deserialize;

use crate::settings::{Connection, Secret};

/// One workspace and where its messages go.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; channels say `slack/NAME`.
    pub name: String,
    /// Bot token (`xoxb-…`) with the scope `chat:write`. Either this or `webhook_url`.
    #[serde(default)]
    pub token: Option<Secret>,
    /// Address of an incoming webhook, instead of a token: one channel, no buttons that answer.
    #[serde(default)]
    pub webhook_url: Option<Secret>,
    /// Ids of channels (`C…`, `G…`) or people (`U…`) for messages that name none.
    #[serde(default)]
    pub to: Vec<String>,
    /// Signing secret of the app: what people answer is checked by it. Without it pages carry links and no buttons.
    #[serde(default)]
    pub signing_secret: Option<Secret>,
    /// Base of the Web API.
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
    "https://slack.com/api".to_owned()
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
            // Slack gives the whole message back, and history several.
            max_body: 1 << 20,
            ..Connection::default()
        }
    }
}
