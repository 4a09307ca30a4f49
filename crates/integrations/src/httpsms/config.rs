//! What `[[notifiers]] kind = "httpsms"` holds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::settings::{Connection, Secret};

/// One provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; channels say `httpsms/NAME`.
    pub name: String,
    /// What the provider does with a message: writes it, or calls and reads it.
    #[serde(default)]
    pub mode: Mode,
    /// Scheme, host and path, without a query.
    pub url: String,
    /// `POST`, `PUT` or `GET`.
    #[serde(default = "method")]
    pub method: String,
    /// The query's parameters; values are templates.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// `Authorization: Bearer`.
    #[serde(default)]
    pub bearer_token: Option<Secret>,
    /// `Authorization: Basic`, with `password`.
    #[serde(default)]
    pub username: Option<String>,
    /// See `username`.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Further secrets: `{secret.NAME}` in templates.
    #[serde(default)]
    pub secrets: BTreeMap<String, Secret>,
    /// What the body is; decides how the message's text is escaped in it.
    #[serde(default)]
    pub format: Format,
    /// Template of the body.
    #[serde(default)]
    pub body: String,
    /// Statuses that mean taken; by default each 2xx.
    #[serde(default)]
    pub success_status: Vec<u16>,
    /// Place in a JSON answer that has to hold `success_value`: `/messages/0/status`.
    #[serde(default)]
    pub success_pointer: Option<String>,
    /// What it has to hold, as text; without it the place only has to be there.
    #[serde(default)]
    pub success_value: Option<String>,
    /// Text that an answer has to hold, for answers that are no JSON.
    #[serde(default)]
    pub success_text: Option<String>,
    /// Place of the provider's id of the message.
    #[serde(default)]
    pub id_pointer: Option<String>,
    /// The provider heeds `{key}`: a repetition is not sent again.
    #[serde(default)]
    pub idempotent: bool,
    /// Longest text, characters.
    #[serde(default = "max_chars")]
    pub max_chars: usize,
    /// Numbers for messages that name none.
    #[serde(default)]
    pub to: Vec<String>,
    /// PEM file of certificates to trust besides those of the machine.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// For one call, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

/// What a provider does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It writes an SMS.
    #[default]
    Sms,
    /// It calls and reads the text. No key can be pressed: the text names the reply code and its link.
    Voice,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// JSON; what is put in stays within its string.
    #[default]
    Json,
    /// `a=b&c=d`.
    Form,
    /// XML.
    Xml,
    /// Text as it is.
    Text,
}

fn method() -> String {
    "POST".to_owned()
}

fn max_chars() -> usize {
    459
}

fn timeout() -> f64 {
    10.0
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
            max_body: 64 << 10,
        }
    }
}
