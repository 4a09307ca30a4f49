//! What `[[notifiers]] kind = "webhook"` holds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::settings::{Connection, Secret};

/// One receiver.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; channels say `webhook/NAME`.
    pub name: String,
    /// Address that is posted to.
    pub url: String,
    /// Key of the signature, at least 16 characters.
    pub secret: Secret,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
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
    /// To a person's own address. Further headers may be secrets of the configured receiver, and do not go there.
    pub(super) fn connection_to(&self, address: &str) -> Connection {
        Connection { url: address.to_owned(), headers: BTreeMap::new(), ..self.connection() }
    }

    pub(super) fn connection(&self) -> Connection {
        Connection {
            url: self.url.clone(),
            headers: self.headers.clone(),
            ca_file: self.ca_file.clone(),
            timeout_s: self.timeout_s,
            max_body: 64 << 10,
            ..Connection::default()
        }
    }
}
