//! Microsoft Graph with client credentials: <https://learn.microsoft.com/graph/auth-v2-service>.

use firebell_core::ports::Health;
use firebell_core::ports::chat::{Answer, Trouble};
use serde::Deserialize;
use serde_json::Value;

use crate::answers::error_text;
use crate::bridge::{Bearer, health};
use crate::http::{Http, HttpError, Method, Redirects, Reply};
use crate::notice::{Again, Hints, trouble};
use crate::replies::at;
use crate::settings::{ConfigError, Connection, Secret, SecretText};

const HINTS: Hints = Hints {
    provider: "Microsoft Graph",
    again: Again::Doubtful,
    revoked: "the app's secret has lapsed or was removed: make a new one and set `client_secret`",
    forbidden: "the app lacks a permission, or its consent: see the README of msteams",
    gone: "there is no such team, channel or user",
};

/// An app of the directory, with a secret.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraphConfig {
    /// Id or domain of the tenant.
    pub tenant: String,
    /// Id of the app.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// Base of the API.
    #[serde(default = "url")]
    pub url: String,
    /// Where tokens come from.
    #[serde(default = "login_url")]
    pub login_url: String,
    /// For one call, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

fn url() -> String {
    "https://graph.microsoft.com/v1.0".to_owned()
}

fn login_url() -> String {
    "https://login.microsoftonline.com".to_owned()
}

fn timeout() -> f64 {
    15.0
}

/// The API, signed in as the app.
pub(crate) struct Graph {
    http: Http,
    login: Http,
    tenant: String,
    client: String,
    secret: SecretText,
    token: Bearer,
}

impl Graph {
    pub(crate) fn new(name: &str, config: &GraphConfig) -> Result<Self, ConfigError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        for (field, value) in [("graph.tenant", &config.tenant), ("graph.client_id", &config.client_id)] {
            if value.is_empty() || !value.chars().all(plain) {
                return Err(ConfigError::new(name, field, "must be an id: letters, digits and ._- only"));
            }
        }
        let connection = |url: &str| Connection {
            url: url.to_owned(),
            timeout_s: config.timeout_s,
            max_body: 4 << 20,
            ..Connection::default()
        };
        Ok(Self {
            http: Http::new(name, &connection(&config.url), Redirects::None)?,
            login: Http::new(name, &connection(&config.login_url), Redirects::None)?,
            tenant: config.tenant.clone(),
            client: config.client_id.clone(),
            secret: config.client_secret.resolve(name, "graph.client_secret")?,
            token: Bearer::default(),
        })
    }

    async fn token(&self) -> Answer<String> {
        if let Some(token) = self.token.get() {
            return Ok(token);
        }
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", self.client.as_str()),
            ("client_secret", self.secret.expose()),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let answer = self.login.post_form(&format!("{}/oauth2/v2.0/token", self.tenant), &form).await;
        let value = match &answer {
            Ok(reply) if reply.ok() => serde_json::from_slice(&reply.body).unwrap_or(Value::Null),
            Ok(reply) if matches!(reply.status, 400 | 401) => {
                let said: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
                return Err(trouble(
                    HINTS.refused(&crate::http::excerpt(at(&said, "/error")), HINTS.revoked),
                ));
            }
            Ok(reply) => return Err(trouble(HINTS.status(reply, &error_text(reply), None))),
            Err(error) => return Err(trouble(HINTS.unanswered(error))),
        };
        let missing = || Trouble::retry("Microsoft Graph: an answer without a token, is login_url right?");
        self.token.keep(&value).ok_or_else(missing)
    }

    /// A call. 404 is [`Trouble::Gone`].
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer<Value> {
        let bearer = format!("Bearer {}", self.token().await?);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        let answer = self.http.call(method, path, query, &headers, body).await;
        self.token.heed(&answer);
        read(&answer)
    }

    pub(crate) async fn health(&self, name: &str) -> Health {
        health(name, &self.login, &self.token().await)
    }
}

fn read(answer: &Result<Reply, HttpError>) -> Answer<Value> {
    match answer {
        Ok(reply) if reply.ok() => Ok(serde_json::from_slice(&reply.body).unwrap_or(Value::Null)),
        Ok(reply) => {
            let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
            let said = format!("{} {}", at(&value, "/error/code"), at(&value, "/error/message"));
            let said = crate::http::excerpt(&said);
            match trouble(HINTS.status(reply, &said, None)) {
                Trouble::Permanent { reason } if matches!(reply.status, 404 | 410) => {
                    Err(Trouble::Gone { reason })
                }
                other => Err(other),
            }
        }
        Err(error) => Err(trouble(HINTS.unanswered(error))),
    }
}
