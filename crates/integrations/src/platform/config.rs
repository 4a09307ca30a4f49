//! What `[platform]` holds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use firebell_core::ports::platform::Stage;
use serde::Deserialize;

use crate::settings::{Connection, Secret};

/// One platform.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; evidence and plans say `platform/NAME`.
    pub name: String,
    /// Base address, without `/platform/v1`.
    pub url: String,
    /// Sent as `Authorization: Bearer`. Required: nobody may change production unsigned.
    pub token: Secret,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// PEM file of certificates to trust besides those of the machine.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// `production`, or `staging`: there plans are tried before production where time permits.
    #[serde(default)]
    pub stage: Stage,
    /// For one action or smoke test run, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

fn timeout() -> f64 {
    60.0
}

impl Config {
    pub(super) fn connection(&self) -> Connection {
        Connection {
            url: self.url.clone(),
            bearer_token: Some(self.token.clone()),
            headers: self.headers.clone(),
            ca_file: self.ca_file.clone(),
            timeout_s: self.timeout_s,
            max_body: 8 << 20,
            ..Connection::default()
        }
    }
}
