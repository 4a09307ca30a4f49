//! What a repository's issues take.

use serde::Deserialize;

use crate::settings::Secret;

/// `[trackers.NAME] kind = "github"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// A token that may read and write issues.
    pub token: Secret,
    /// `owner/repository`.
    pub repo: String,
    /// Labels that issues get.
    #[serde(default)]
    pub labels: Vec<String>,
    /// The one that is used, where several trackers are configured.
    #[serde(default)]
    pub default: bool,
    /// Items of restricted incidents go there too.
    #[serde(default)]
    pub restricted: bool,
    /// Secret of the webhook.
    #[serde(default)]
    pub webhook_secret: Option<Secret>,
    /// Base of the API; of a server of one's own `https://HOST/api/v3`.
    #[serde(default = "url")]
    pub url: String,
    /// For one call, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

fn url() -> String {
    "https://api.github.com".to_owned()
}

fn timeout() -> f64 {
    15.0
}

/// Whether a text is `owner/repository` as GitHub writes names.
pub(super) fn is_repo(text: &str) -> bool {
    let plain = |part: &str| {
        let signs = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && part.len() <= 100 && part.chars().all(signs) && !part.trim_matches('.').is_empty()
    };
    text.split_once('/').is_some_and(|(owner, name)| plain(owner) && plain(name))
}
