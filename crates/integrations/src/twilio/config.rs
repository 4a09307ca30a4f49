//! What `[[notifiers]] kind = "twilio"` holds.

use std::path::PathBuf;

use serde::Deserialize;

use crate::settings::{Connection, Secret};

/// One account and what is done with it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; channels say `twilio/NAME`.
    pub name: String,
    /// SMS or calls; for both make two notifiers.
    pub mode: Mode,
    /// `AC…`.
    pub account_sid: String,
    /// The account's auth token: what Twilio sends us is signed with it.
    pub auth_token: Secret,
    /// `SK…`, to sign in with an API key instead of the auth token.
    #[serde(default)]
    pub api_key_sid: Option<String>,
    /// Its secret.
    #[serde(default)]
    pub api_key_secret: Option<Secret>,
    /// Number of the account: `+15551234567`; for SMS a sender id as well.
    #[serde(default)]
    pub from: Option<String>,
    /// `MG…`, for SMS, instead of `from`.
    #[serde(default)]
    pub messaging_service_sid: Option<String>,
    /// Numbers for messages that name none.
    #[serde(default)]
    pub to: Vec<String>,
    /// Where Twilio tells us what became of a message and what keys were pressed. Without it a call only speaks.
    #[serde(default)]
    pub callback_url: Option<String>,
    /// Longest SMS, characters; each 153 (67 with other than Latin letters) are paid as one.
    #[serde(default = "max_chars")]
    pub max_chars: usize,
    /// Language of the voice.
    #[serde(default = "language")]
    pub language: String,
    /// Name of a voice of Twilio's.
    #[serde(default)]
    pub voice: Option<String>,
    /// How long it rings, seconds.
    #[serde(default = "ring_s")]
    pub ring_s: u32,
    /// Base of the API.
    #[serde(default = "url")]
    pub url: String,
    /// PEM file of certificates to trust besides those of the machine.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// For one call of the API, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Text messages.
    Sms,
    /// Calls that read the page aloud and take a key press.
    Voice,
}

fn max_chars() -> usize {
    459
}

fn language() -> String {
    "en-US".to_owned()
}

fn ring_s() -> u32 {
    40
}

fn url() -> String {
    "https://api.twilio.com".to_owned()
}

fn timeout() -> f64 {
    10.0
}

impl Config {
    pub(super) fn connection(&self) -> Connection {
        let with_key = self.api_key_sid.is_some();
        Connection {
            url: self.url.clone(),
            username: Some(self.api_key_sid.clone().unwrap_or_else(|| self.account_sid.clone())),
            password: if with_key { self.api_key_secret.clone() } else { Some(self.auth_token.clone()) },
            ca_file: self.ca_file.clone(),
            timeout_s: self.timeout_s,
            max_body: 1 << 20,
            ..Connection::default()
        }
    }
}
