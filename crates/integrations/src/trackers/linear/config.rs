//! What a Linear team takes.

use serde::Deserialize;

use crate::settings::Secret;

/// `[trackers.NAME] kind = "linear"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// A personal API key, or an OAuth token.
    pub api_key: Secret,
    /// Whose issues they are: the team's key (`ENG`) or id.
    pub team: String,
    /// Names of labels that issues get, of the team or the workspace.
    #[serde(default)]
    pub labels: Vec<String>,
    /// The one that is used, where several trackers are configured.
    #[serde(default)]
    pub default: bool,
    /// Items of restricted incidents go there too.
    #[serde(default)]
    pub restricted: bool,
    /// Signing secret of the webhook.
    #[serde(default)]
    pub webhook_secret: Option<Secret>,
    /// The API.
    #[serde(default = "url")]
    pub url: String,
    /// For one call, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

fn url() -> String {
    "https://api.linear.app/graphql".to_owned()
}

fn timeout() -> f64 {
    15.0
}
