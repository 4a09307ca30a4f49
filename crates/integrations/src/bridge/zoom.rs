//! Zoom meetings with a server-to-server OAuth app (scope `meeting:write:meeting:admin`):
//! <https://developers.zoom.us/docs/internal-apps/s2s-oauth/>, `POST /users/{id}/meetings`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use firebell_core::ports::chat::{Answer, Bridges, Meeting, MeetingWish, Trouble};
use firebell_core::ports::{BoxFuture, Health};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bearer::{Bearer, health};
use crate::answers::error_text;
use crate::http::{Http, HttpError, Method, Redirects, Reply};
use crate::notice::text::{Unit, cut, web};
use crate::notice::{Again, Hints, trouble};
use crate::replies::at;
use crate::settings::{ConfigError, Connection, Secret, SecretText, adapter_name};

/// Longest topic and agenda, characters.
const TOPIC: usize = 200;
const AGENDA: usize = 2000;

const HINTS: Hints = Hints {
    provider: "Zoom",
    again: Again::Doubtful,
    revoked: "the app was deactivated or its secret changed: set `client_secret` anew",
    forbidden: "the app may not make meetings: add the scope meeting:write:meeting:admin",
    gone: "there is no such user: correct `user`",
};

/// `[[bridges]] kind = "zoom"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name; policy says `zoom/NAME`.
    pub name: String,
    /// Id of the account, as the app shows it.
    pub account_id: String,
    /// Id of the app.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// Whose meetings they are: an e-mail or a user's id.
    pub user: String,
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
    "https://api.zoom.us/v2".to_owned()
}

fn login_url() -> String {
    "https://zoom.us".to_owned()
}

fn timeout() -> f64 {
    10.0
}

/// A configured account.
pub(super) struct Zoom {
    name: String,
    http: Http,
    login: Http,
    account: String,
    client: String,
    secret: SecretText,
    user: String,
    token: Bearer,
}

impl Zoom {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("zoom", &config.name)?;
        for (field, value) in
            [("account_id", &config.account_id), ("client_id", &config.client_id), ("user", &config.user)]
        {
            let plain = |c: char| c.is_ascii_alphanumeric() || "@._+-".contains(c);
            if value.is_empty() || !value.chars().all(plain) {
                return Err(ConfigError::new(&name, field, "must be letters, digits and @._+- only"));
            }
        }
        let connection = |url: &str| Connection {
            url: url.to_owned(),
            timeout_s: config.timeout_s,
            max_body: 256 << 10,
            ..Connection::default()
        };
        Ok(Self {
            http: Http::new(&name, &connection(&config.url), Redirects::None)?,
            login: Http::new(&name, &connection(&config.login_url), Redirects::None)?,
            account: config.account_id.clone(),
            client: config.client_id.clone(),
            secret: config.client_secret.resolve(&name, "client_secret")?,
            user: config.user.clone(),
            token: Bearer::default(),
            name,
        })
    }

    async fn token(&self) -> Answer<String> {
        if let Some(token) = self.token.get() {
            return Ok(token);
        }
        let basic = BASE64.encode(format!("{}:{}", self.client, self.secret.expose()));
        let basic = format!("Basic {basic}");
        let query = [("grant_type", "account_credentials"), ("account_id", self.account.as_str())];
        let answer = self
            .login
            .call(Method::POST, "oauth/token", &query, &[("authorization", &basic)], Vec::new())
            .await;
        let value = read(&answer)?;
        self.token
            .keep(&value)
            .ok_or_else(|| Trouble::retry("Zoom: an answer without a token, is login_url right?"))
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer<Value> {
        let bearer = format!("Bearer {}", self.token().await?);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        let answer = self.http.call(method, path, &[], &headers, body).await;
        self.token.heed(&answer);
        read(&answer)
    }

    /// A meeting that was made and whose answer was lost is found by its key.
    async fn made(&self, key: &str) -> Answer<Option<Meeting>> {
        let found = self.ask(Method::GET, &format!("users/{}/meetings", self.user), None).await?;
        let mut meetings = found.get("meetings").and_then(Value::as_array).into_iter().flatten();
        Ok(meetings.find(|m| at(m, "/agenda").contains(key)).and_then(meeting))
    }

    async fn meet(&self, wish: &MeetingWish) -> Answer<Meeting> {
        let mark = format!("[{}]", wish.key);
        if let Ok(Some(there)) = self.made(&mark).await {
            return Ok(there);
        }
        let body = json!({
            "topic": cut(&wish.title, TOPIC, Unit::Chars),
            // Scheduled from now: it can be listed, which an instant meeting cannot.
            "type": 2,
            "start_time": wish.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "duration": 240,
            "timezone": "UTC",
            "agenda": cut(&format!("Opened by Firebell {mark}"), AGENDA, Unit::Chars),
            "settings": {"join_before_host": true, "waiting_room": false, "mute_upon_entry": false},
        });
        let made = self.ask(Method::POST, &format!("users/{}/meetings", self.user), Some(body)).await?;
        meeting(&made).ok_or_else(|| Trouble::retry("Zoom: an answer that is no meeting, is url right?"))
    }
}

fn meeting(value: &Value) -> Option<Meeting> {
    let link = web(at(value, "/join_url"))?.to_owned();
    let passcode = cut(at(value, "/password"), 40, Unit::Chars);
    let detail = if passcode.is_empty() { String::new() } else { format!("passcode {passcode}") };
    Some(Meeting { link, detail })
}

fn read(answer: &Result<Reply, HttpError>) -> Answer<Value> {
    match answer {
        Ok(reply) if reply.ok() => Ok(serde_json::from_slice(&reply.body).unwrap_or(Value::Null)),
        Ok(reply) if reply.status == 400 && error_text(reply).contains("invalid_client") => {
            Err(trouble(HINTS.refused("invalid_client", HINTS.revoked)))
        }
        Ok(reply) => Err(trouble(HINTS.status(reply, &error_text(reply), None))),
        Err(error) => Err(trouble(HINTS.unanswered(error))),
    }
}

impl Bridges for Zoom {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async move { health(&self.name, &self.login, &self.token().await) })
    }

    fn open<'a>(&'a self, wish: &'a MeetingWish) -> BoxFuture<'a, Answer<Meeting>> {
        Box::pin(self.meet(wish))
    }
}
