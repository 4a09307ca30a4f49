//! The provider over HTTP: its discovery document, its keys, the exchange of a code, the userinfo endpoint. Ten seconds and
//! a megabyte for each answer. No error text carries a code, a token or a secret.

use std::path::PathBuf;
use std::sync::Arc;

use firebell_integrations::http::{Http, HttpError, Redirects, Reply, excerpt};
use firebell_integrations::settings::{ConfigError, Connection, Secret, SecretText};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::config::{OidcConfig, reachable_safely};
use super::signature::Keys;
use crate::ui::encoded;

/// For one call, its answer included.
const TIMEOUT_S: f64 = 10.0;
/// Largest answer.
const MAX_BODY: usize = 1 << 20;
/// What was discovered is asked for again after so long.
const KEPT: SignedDuration = SignedDuration::from_hours(1);
/// Who asks within this time of a failure hears of the same one: a provider that hangs holds up a crowd once, not each in
/// turn. Longer than one call may take.
const FAILED: SignedDuration = SignedDuration::from_secs(12);

/// What a provider says of itself; as much of it as is needed.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Its answers name it, so that the answer of another provider is found out (RFC 9207).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// What it hands out for a code.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) id_token: String,
    pub(super) access_token: Option<String>,
}

/// What the provider said of itself, or why it did not.
type Discovered = Result<Arc<Metadata>, String>;

/// A provider, and what is known of it.
#[derive(Debug)]
pub(super) struct Provider {
    issuer: String,
    client_id: String,
    client_secret: Option<SecretText>,
    ca_file: Option<PathBuf>,
    discovery: Http,
    metadata: Mutex<Option<(Timestamp, Discovered)>>,
    keys: Mutex<Option<(Timestamp, Arc<Keys>)>>,
}

impl Provider {
    pub(super) fn new(config: &OidcConfig) -> Result<Self, ConfigError> {
        let client_secret = match &config.client_secret {
            Some(secret) => Some(secret.resolve("oidc", "client_secret")?),
            None => None,
        };
        let connection = connection(&config.issuer, config.ca_file.clone());
        let discovery = Http::new("oidc", &connection, Redirects::SameOrigin)
            .map_err(|e| if e.field == "url" { ConfigError::new("oidc", "issuer", e.reason) } else { e })?;
        Ok(Self {
            issuer: config.issuer.clone(),
            client_id: config.client_id.clone(),
            client_secret,
            ca_file: config.ca_file.clone(),
            discovery,
            metadata: Mutex::default(),
            keys: Mutex::default(),
        })
    }

    /// The discovery document, at most an hour old.
    pub(super) async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, String> {
        // Whoever comes meanwhile waits for the one answer.
        let mut kept = self.metadata.lock().await;
        if let Some((at, found)) = kept.as_ref()
            && now.duration_since(*at) < if found.is_ok() { KEPT } else { FAILED }
        {
            return found.clone();
        }
        let found = self.discover().await.map(Arc::new);
        *kept = Some((now, found.clone()));
        found
    }

    async fn discover(&self) -> Result<Metadata, String> {
        let what = "its discovery document";
        let reply = self.discovery.get(".well-known/openid-configuration", &[]).await;
        let metadata: Metadata = read(what, reply)?;
        if metadata.issuer != self.issuer {
            return Err(format!(
                "it calls itself {:?}, and oidc.issuer is {:?}: write there what it calls itself",
                excerpt(&metadata.issuer),
                self.issuer
            ));
        }
        let addresses = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
        for address in addresses.into_iter().chain(&metadata.userinfo_endpoint) {
            reachable_safely(address.split('?').next().unwrap_or_default())
                .map_err(|why| format!("{what} names {:?}, which {why}", excerpt(address)))?;
        }
        Ok(metadata)
    }

    /// The published keys, at most an hour old; `fresh` asks for them again.
    pub(super) async fn keys(
        &self,
        metadata: &Metadata,
        now: Timestamp,
        fresh: bool,
    ) -> Result<Arc<Keys>, String> {
        let mut kept = self.keys.lock().await;
        if let Some((at, keys)) = kept.as_ref()
            && now.duration_since(*at) < KEPT
            && !fresh
        {
            return Ok(Arc::clone(keys));
        }
        let (http, path) = self.endpoint(&metadata.jwks_uri, None)?;
        let reply = body("its keys", http.get(path, &[]).await)?;
        let keys = Arc::new(Keys::read(&reply.body).ok_or("its keys are no JSON Web Key set")?);
        *kept = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }

    /// The tokens for a code.
    pub(super) async fn exchange(
        &self,
        metadata: &Metadata,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> Result<Tokens, String> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        let ways = metadata.token_endpoint_auth_methods_supported.as_deref();
        let basic = ways.is_none_or(|ways| ways.iter().any(|way| way == "client_secret_basic"));
        let (http, path) = match &self.client_secret {
            Some(secret) if basic => {
                let login = (encoded(&self.client_id), encoded(secret.expose()));
                self.endpoint(&metadata.token_endpoint, Some(login))?
            }
            other => {
                form.push(("client_id", &self.client_id));
                form.extend(other.as_ref().map(|secret| ("client_secret", secret.expose())));
                self.endpoint(&metadata.token_endpoint, None)?
            }
        };
        read("the exchange of the code", http.post_form(path, &form).await)
    }

    /// What the userinfo endpoint, if there is one, says of the owner of a token.
    pub(super) async fn userinfo(
        &self,
        metadata: &Metadata,
        token: &str,
    ) -> Result<Option<Map<String, Value>>, String> {
        let Some(address) = &metadata.userinfo_endpoint else { return Ok(None) };
        let (http, path) = self.endpoint(address, None)?;
        let bearer = format!("Bearer {token}");
        read("its userinfo endpoint", http.get_with(path, &[("authorization", &bearer)]).await).map(Some)
    }

    /// A client for an address, and the address's path: providers care about a slash at its end.
    fn endpoint<'a>(
        &self,
        address: &'a str,
        login: Option<(String, String)>,
    ) -> Result<(Http, &'a str), String> {
        let start = address.find("://").map_or(0, |at| at + 3);
        let end = address[start..].find(['/', '?']).map_or(address.len(), |at| start + at);
        let (origin, path) = address.split_at(end);
        let mut connection = connection(origin, self.ca_file.clone());
        if let Some((user, password)) = login {
            connection.username = Some(user);
            connection.password = Some(Secret::Plain(password));
        }
        let http = Http::new("oidc", &connection, Redirects::None).map_err(|e| e.to_string())?;
        Ok((http, path))
    }
}

fn connection(url: &str, ca_file: Option<PathBuf>) -> Connection {
    Connection {
        url: url.to_owned(),
        ca_file,
        timeout_s: TIMEOUT_S,
        max_body: MAX_BODY,
        ..Connection::default()
    }
}

/// A good answer, or a sentence: what the provider says in the standard's own error fields, and nothing else of the body.
fn body(what: &str, reply: Result<Reply, HttpError>) -> Result<Reply, String> {
    #[derive(Deserialize)]
    struct Said {
        error: String,
        error_description: Option<String>,
    }
    let reply = reply.map_err(|error| format!("{what}: {error}"))?;
    if reply.ok() {
        return Ok(reply);
    }
    let said = serde_json::from_slice::<Said>(&reply.body).ok();
    let said = said.map(|s| format!("{} {}", s.error, s.error_description.unwrap_or_default()));
    let said = said.map_or_else(|| "it does not say why".to_owned(), |said| excerpt(&said));
    Err(format!("{what}: answers {}: {said}", reply.status))
}

fn read<T: DeserializeOwned>(what: &str, reply: Result<Reply, HttpError>) -> Result<T, String> {
    let reply = body(what, reply)?;
    // The parser's own words could quote the body; the place is enough.
    serde_json::from_slice(&reply.body).map_err(|e| {
        format!("{what}: is not the JSON of the standard (line {}, column {})", e.line(), e.column())
    })
}
