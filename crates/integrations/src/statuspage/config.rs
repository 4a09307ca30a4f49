//! What `[[notifiers]] kind = "statuspage"` holds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::settings::{Connection, Secret};

/// One page.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; channels say `statuspage/NAME`.
    pub name: String,
    /// Id of the page, as in the address of its management pages.
    pub page_id: String,
    /// API key of a user who may manage incidents of the page.
    pub key: Secret,
    /// Service to id of the page's component that stands for it.
    #[serde(default)]
    pub components: BTreeMap<String, String>,
    /// Statuspage tells the page's own subscribers of each update.
    #[serde(default = "yes")]
    pub notify: bool,
    /// The API.
    #[serde(default = "url")]
    pub url: String,
    /// PEM file of certificates to trust besides those of the machine.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// For one call, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

fn yes() -> bool {
    true
}

fn url() -> String {
    "https://api.statuspage.io/v1".to_owned()
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
            max_body: 4 << 20,
            ..Connection::default()
        }
    }
}
