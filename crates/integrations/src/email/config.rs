//! What `[[notifiers]] kind = "email"` holds.

use serde::Deserialize;

use crate::settings::Secret;

/// One mail server and who is written to by default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; channels say `email/NAME`.
    pub name: String,
    /// Mail server.
    pub host: String,
    /// Port; by default 587 for STARTTLS, 465 for TLS, 25 for plain.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is protected.
    #[serde(default)]
    pub encryption: Encryption,
    /// Account, if the server wants one.
    #[serde(default)]
    pub username: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<Secret>,
    /// `Firebell <firebell@example.com>`.
    pub from: String,
    /// Recipients of messages that name none.
    #[serde(default)]
    pub to: Vec<String>,
    /// For each answer of the server, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// Plain at first, then TLS before anything else is said; refused where the server cannot.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// None: to this machine only.
    None,
}

fn timeout() -> f64 {
    15.0
}
