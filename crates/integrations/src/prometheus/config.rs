//! What `[[telemetry]] kind = "prometheus"` holds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::settings::{Connection, Secret};

/// One Prometheus or compatible system.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of this source; evidence says `prometheus/NAME`.
    pub name: String,
    /// Base address with path prefix, without `/api/v1`: `https://mimir.example/prometheus`.
    pub url: String,
    /// `Authorization: Bearer`.
    #[serde(default)]
    pub bearer_token: Option<Secret>,
    /// `Authorization: Basic`.
    #[serde(default)]
    pub username: Option<String>,
    /// See `username`.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Further headers, `X-Scope-OrgID` for Mimir.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// PEM file of certificates to trust besides those of the machine.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// For one call, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
    /// Calls at once.
    #[serde(default = "concurrent")]
    pub max_concurrent: usize,
    /// Largest answer, bytes.
    #[serde(default = "body")]
    pub max_body_bytes: usize,
    /// Label matchers, in PromQL, that are added to every query: `env="prod"`. Keeps an investigation inside its
    /// environment on a shared system.
    #[serde(default)]
    pub matchers: Vec<String>,
}

fn timeout() -> f64 {
    10.0
}

fn concurrent() -> usize {
    2
}

fn body() -> usize {
    64 << 20
}

impl Config {
    pub(super) fn connection(&self) -> Connection {
        Connection {
            url: self.url.clone(),
            bearer_token: self.bearer_token.clone(),
            username: self.username.clone(),
            password: self.password.clone(),
            headers: self.headers.clone(),
            ca_file: self.ca_file.clone(),
            timeout_s: self.timeout_s,
            max_body: self.max_body_bytes,
        }
    }
}
