//! Microsoft Graph with client credentials: <https://learn.microsoft.com/graph/auth-v2-service>.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firebell_core::ports::Health;
use firebell_core::ports::chat::{Answer, Trouble};
use serde::Deserialize;
use serde_json::Value;

use crate::answers::error_text;
use crate::bridge::{Bearer, health};
use crate::http::{Http, HttpError, Method, Redirects, Reply, is_loopback};
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
    timeout_s: f64,
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
            timeout_s: config.timeout_s,
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

    /// The content of a file by the address at which people open it, at most `max` bytes; none where it is larger, or gives
    /// none out: <https://learn.microsoft.com/graph/api/shares-get>. It is fetched from the address that Graph names for
    /// it, which is good for a while by itself: our token does not go there.
    pub(crate) async fn file(&self, address: &str, max: u64) -> Answer<Option<Vec<u8>>> {
        let path = format!("shares/u!{}/driveItem", URL_SAFE_NO_PAD.encode(address));
        let item = self.ask(Method::GET, &path, &[], None).await?;
        let size = item.get("size").and_then(Value::as_u64).unwrap_or_default();
        let from = at(&item, "/@microsoft.graph.downloadUrl");
        let safe = reqwest::Url::parse(from).is_ok_and(|u| u.scheme() == "https" || is_loopback(&u));
        if size > max || !safe {
            return Ok(None);
        }
        let connection = Connection {
            timeout_s: self.timeout_s,
            max_body: usize::try_from(max).unwrap_or(usize::MAX),
            ..Connection::default()
        };
        // It is a secret as a whole: whoever knows it reads the file.
        let wrong = |e: ConfigError| Trouble::permanent(e.to_string());
        let address = Secret::Plain(from.to_owned()).resolve("msteams", "downloadUrl").map_err(wrong)?;
        let files = Http::hidden("msteams", "downloadUrl", &address, &connection, Redirects::None);
        let files = files.map_err(wrong)?;
        match files.get("", &[]).await {
            Ok(reply) if reply.ok() => Ok(Some(reply.body)),
            Ok(reply) => Err(trouble(HINTS.status(&reply, "", None))),
            Err(HttpError::TooLarge(_)) => Ok(None),
            Err(error) => Err(trouble(HINTS.unanswered(&error))),
        }
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
