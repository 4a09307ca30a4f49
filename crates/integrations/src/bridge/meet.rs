//! Google Meet: `spaces.create` of the Meet REST API, with a service account that acts for a user of the domain
//! (domain-wide delegation of the scope `https://www.googleapis.com/auth/meetings.space.created`):
//! <https://developers.google.com/workspace/meet/api/reference/rest/v2/spaces/create>,
//! <https://developers.google.com/identity/protocols/oauth2/service-account>.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64_URL};
use firebell_core::ports::chat::{Answer, Bridges, Meeting, MeetingWish, Trouble};
use firebell_core::ports::{BoxFuture, Health};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bearer::{Bearer, health};
use crate::answers::error_text;
use crate::http::{Http, HttpError, Redirects, Reply};
use crate::notice::text::web;
use crate::notice::{Again, Hints, trouble};
use crate::replies::at;
use crate::settings::{ConfigError, Connection, Secret, adapter_name};

const SCOPE: &str = "https://www.googleapis.com/auth/meetings.space.created";
/// How long a signed request for a token holds, seconds; Google takes an hour at most.
const HOLDS_S: i64 = 600;

const HINTS: Hints = Hints {
    provider: "Google Meet",
    again: Again::Doubtful,
    revoked: "the service account's key was deleted, or may not act for `user`: make a new key and set `key`",
    forbidden: "switch on the Meet API in the project, and delegate the scope meetings.space.created",
    gone: "there is no such address: check `url`",
};

/// `[[bridges]] kind = "meet"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; policy says `meet/NAME`.
    pub name: String,
    /// The service account's key, JSON as Google gives it.
    pub key: Secret,
    /// For whom it acts: an e-mail of the domain.
    pub user: String,
    /// Base of the API.
    #[serde(default = "url")]
    pub url: String,
    /// For one call, seconds.
    #[serde(default = "timeout")]
    pub timeout_s: f64,
}

fn url() -> String {
    "https://meet.googleapis.com/v2".to_owned()
}

fn timeout() -> f64 {
    10.0
}

/// A service account's key, as far as it is needed.
#[derive(Deserialize)]
struct Key {
    client_email: String,
    private_key: String,
    #[serde(default = "token_uri")]
    token_uri: String,
}

fn token_uri() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}

/// A configured service account.
pub(super) struct Meet {
    name: String,
    http: Http,
    login: Http,
    email: String,
    audience: String,
    pair: RsaKeyPair,
    user: String,
    token: Bearer,
}

impl Meet {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("meet", &config.name)?;
        // Nothing of the key is ever shown, whatever is wrong with it.
        let bad = |why: &str| ConfigError::new(&name, "key", why);
        let text = config.key.resolve(&name, "key")?;
        let key: Key = serde_json::from_str(text.expose())
            .map_err(|_| bad("is not the JSON of a service account with client_email and private_key"))?;
        let pem: String =
            key.private_key.lines().filter(|l| !l.starts_with("-----")).map(str::trim).collect();
        let der = BASE64.decode(pem).map_err(|_| bad("private_key is no PEM"))?;
        let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| bad("private_key is no RSA key in PKCS #8"))?;
        let connection = |url: &str| Connection {
            url: url.to_owned(),
            timeout_s: config.timeout_s,
            max_body: 64 << 10,
            ..Connection::default()
        };
        Ok(Self {
            http: Http::new(&name, &connection(&config.url), Redirects::None)?,
            login: Http::new(&name, &connection(&key.token_uri), Redirects::None)?,
            email: key.client_email,
            audience: key.token_uri,
            pair,
            user: config.user.clone(),
            token: Bearer::default(),
            name,
        })
    }

    fn assertion(&self, now: Timestamp) -> Answer<String> {
        let part = |value: &Value| BASE64_URL.encode(value.to_string());
        let claims = json!({
            "iss": self.email,
            "sub": self.user,
            "scope": SCOPE,
            "aud": self.audience,
            "iat": now.as_second(),
            "exp": now.as_second() + HOLDS_S,
        });
        let text = format!("{}.{}", part(&json!({"alg": "RS256", "typ": "JWT"})), part(&claims));
        let mut tag = vec![0; self.pair.public().modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut tag).map_err(|_| {
            Trouble::permanent("Google Meet: the key cannot sign: make a new one and set `key`")
        })?;
        Ok(format!("{text}.{}", BASE64_URL.encode(tag)))
    }

    async fn token(&self, now: Timestamp) -> Answer<String> {
        if let Some(token) = self.token.get() {
            return Ok(token);
        }
        let assertion = self.assertion(now)?;
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", assertion.as_str()),
        ];
        let value = read(&self.login.post_form("", &form).await)?;
        let missing =
            || Trouble::retry("Google Meet: an answer without a token, is token_uri of the key right?");
        self.token.keep(&value).ok_or_else(missing)
    }

    async fn meet(&self, wish: &MeetingWish) -> Answer<Meeting> {
        let bearer = format!("Bearer {}", self.token(wish.at).await?);
        // A space has no title and no key of ours. One whose answer was lost stays empty; nobody hears of it.
        let answer = self.http.post_json("spaces", &json!({}), &[("authorization", &bearer)]).await;
        self.token.heed(&answer);
        let value = read(&answer)?;
        match web(at(&value, "/meetingUri")) {
            Some(link) => Ok(Meeting { link: link.to_owned(), detail: String::new() }),
            None => Err(Trouble::retry("Google Meet: an answer that is no space, is url right?")),
        }
    }
}

fn read(answer: &Result<Reply, HttpError>) -> Answer<Value> {
    match answer {
        Ok(reply) if reply.ok() => Ok(serde_json::from_slice(&reply.body).unwrap_or(Value::Null)),
        // The token's own endpoint says 400 where a key is not known any more.
        Ok(reply)
            if reply.status == 400 && String::from_utf8_lossy(&reply.body).contains("invalid_grant") =>
        {
            Err(trouble(HINTS.refused("invalid_grant", HINTS.revoked)))
        }
        Ok(reply) => Err(trouble(HINTS.status(reply, &error_text(reply), None))),
        Err(error) => Err(trouble(HINTS.unanswered(error))),
    }
}

impl Bridges for Meet {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async move { health(&self.name, &self.login, &self.token(Timestamp::now()).await) })
    }

    fn open<'a>(&'a self, wish: &'a MeetingWish) -> BoxFuture<'a, Answer<Meeting>> {
        Box::pin(self.meet(wish))
    }
}
