//! What `[heartbeat]` and `[[heartbeats]]` hold.

use std::collections::BTreeMap;

use axum::http::Method;
use firebell_integrations::http::{Http, Redirects};
use firebell_integrations::settings::{Connection, Secret};
use serde::Deserialize;

/// Shortest distance of beats, seconds.
const LEAST_S: i64 = 5;
/// Longest, seconds: beats that come once a year.
const MOST_S: i64 = 366 * 86_400;
/// Shortest key, characters: long enough that it cannot be taken for a signal, and is not guessed.
const MIN_KEY: usize = 16;

/// A heartbeat that somebody else sends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeartbeatConfig {
    /// Name, as in `/heartbeat/NAME`; the alert's source is `heartbeat/NAME`.
    pub name: String,
    /// A beat is expected every so many seconds.
    pub every_s: i64,
    /// So many seconds more may pass before it counts as missed; with `/start`, a run may take so long.
    #[serde(default = "grace")]
    pub grace_s: i64,
    /// Service that the alert is about.
    #[serde(default)]
    pub service: Option<String>,
    /// The alert's label `severity`.
    #[serde(default = "critical")]
    pub severity: String,
    /// What beats, in words: becomes part of the alert's text.
    #[serde(default)]
    pub about: String,
    /// Key that a beat must show, at least 16 characters.
    pub key: Secret,
}

/// Firebell's own heartbeat.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnConfig {
    /// Address that is called while the engine works; whoever knows it could beat in its place, so it is a secret.
    pub url: Secret,
    /// Every so many seconds.
    #[serde(default = "minute")]
    pub every_s: i64,
    /// `GET`, `POST` or `HEAD`.
    #[serde(default = "get")]
    pub method: String,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// For one call, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

fn grace() -> i64 {
    60
}

fn minute() -> i64 {
    60
}

fn critical() -> String {
    "critical".to_owned()
}

fn get() -> String {
    "GET".to_owned()
}

fn timeout() -> f64 {
    10.0
}

impl HeartbeatConfig {
    /// Checks the fields; answers the key.
    pub(super) fn check(&self) -> Result<String, Vec<String>> {
        let field = |field: &str, what: String| format!("heartbeats/{}: {field}: {what}", self.name);
        let mut all = Vec::new();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if !(1..=64).contains(&self.name.len()) || !self.name.bytes().all(plain) {
            all.push(field("name", "must be 1 to 64 letters, digits, '-', '_' or '.'".to_owned()));
        }
        for (name, value) in [("every_s", self.every_s), ("grace_s", self.grace_s)] {
            if !(LEAST_S..=MOST_S).contains(&value) {
                all.push(field(name, format!("{value} is not between {LEAST_S} and {MOST_S} seconds")));
            }
        }
        if self.severity.trim().is_empty() || self.severity.len() > 64 {
            all.push(field(
                "severity",
                "must be the label that your alerts have, as in \"critical\"".to_owned(),
            ));
        }
        match self.key.resolve(&format!("heartbeats/{}", self.name), "key") {
            Ok(key) if key.expose().len() >= MIN_KEY => {
                if all.is_empty() {
                    return Ok(key.expose().to_owned());
                }
            }
            Ok(_) => {
                let what =
                    format!("must have at least {MIN_KEY} characters: make one with `openssl rand -hex 16`");
                all.push(field("key", what));
            }
            Err(error) => all.push(error.to_string()),
        }
        Err(all)
    }
}

impl OwnConfig {
    /// What is wrong with it, by field; nothing is called.
    pub fn problems(&self) -> Vec<String> {
        self.build().err().unwrap_or_default()
    }

    /// The client and the method.
    pub(super) fn build(&self) -> Result<(Http, Method), Vec<String>> {
        let mut all = Vec::new();
        if !(LEAST_S..=86_400).contains(&self.every_s) {
            all.push(format!(
                "heartbeat.every_s: {} is not between {LEAST_S} and 86400 seconds",
                self.every_s
            ));
        }
        let method = match self.method.as_str() {
            "GET" => Method::GET,
            "POST" => Method::POST,
            "HEAD" => Method::HEAD,
            other => {
                all.push(format!("heartbeat.method: {other:?} is none of GET, POST, HEAD"));
                Method::GET
            }
        };
        let connection = Connection {
            headers: self.headers.clone(),
            timeout_s: self.timeout_s,
            max_body: 64 << 10,
            ..Connection::default()
        };
        let http = self
            .url
            .resolve("heartbeat", "url")
            .and_then(|url| Http::hidden("heartbeat", "url", &url, &connection, Redirects::None));
        match http {
            Ok(http) if all.is_empty() => Ok((http, method)),
            Ok(_) => Err(all),
            Err(error) => {
                all.push(error.to_string());
                Err(all)
            }
        }
    }
}
