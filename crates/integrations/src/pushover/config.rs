//! What `[[notifiers]] kind = "pushover"` holds.

use std::path::PathBuf;

use serde::Deserialize;

use crate::settings::{Connection, Secret};

/// One application and whom it writes to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; channels say `pushover/NAME`.
    pub name: String,
    /// API token of the application.
    pub token: Secret,
    /// Keys of users or groups for messages that name none.
    #[serde(default)]
    pub to: Vec<String>,
    /// An urgent message rings every so many seconds, at least 30.
    #[serde(default = "retry_s")]
    pub retry_s: u32,
    /// And stops after so many, at most 10,800.
    #[serde(default = "expire_s")]
    pub expire_s: u32,
    /// Name of a sound.
    #[serde(default)]
    pub sound: Option<String>,
    /// Where Pushover tells us that somebody acknowledged; with `callback_secret`.
    #[serde(default)]
    pub callback_url: Option<String>,
    /// Signs that address, for Pushover itself signs nothing; at least 16 characters.
    #[serde(default)]
    pub callback_secret: Option<Secret>,
    /// Base of the API.
    #[serde(default = "url")]
    pub url: String,
    /// PEM file of certificates to trust besides those of the machine.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// For one call, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

fn retry_s() -> u32 {
    60
}

fn expire_s() -> u32 {
    3600
}

fn url() -> String {
    "https://api.pushover.net".to_owned()
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
            max_body: 64 << 10,
            ..Connection::default()
        }
    }
}
