//! The notifier port over the Message API: <https://pushover.net/api>.

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier, Urgency};
use firebell_core::ports::{BoxFuture, Health};
use serde_json::{Value, json};

use super::config::Config;
use super::inbound::{Settings, callback};
use crate::http::{Http, HttpError, Redirects, Reply, excerpt};
use crate::notice::text::{Unit, cut, web};
use crate::notice::{Again, Hints, Lines, Once, recipients, retry, to_each};
use crate::settings::{ConfigError, SecretText, adapter_name};

/// Longest message, characters.
const MESSAGE: usize = 1024;
/// Longest title, characters.
const TITLE: usize = 250;
/// Longest address, characters.
const URL: usize = 512;

const HINTS: Hints = Hints {
    provider: "Pushover",
    again: Again::Doubtful,
    revoked: "check `token`: the application's API token from pushover.net/apps",
    forbidden: "check `token`: the application's API token from pushover.net/apps",
    gone: "there is no Pushover at this address: check `url`",
};

/// A configured application.
pub struct Pushover {
    name: String,
    http: Http,
    token: SecretText,
    config: Config,
    callback: Option<Settings>,
    once: Once,
}

impl Pushover {
    /// Builds the notifier; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("pushover", &config.name)?;
        let bad = |field: &str, why: &str| ConfigError::new(&name, field, why);
        let token = config.token.resolve(&name, "token")?;
        if !is_key(token.expose()) {
            return Err(bad("token", "must be 30 letters and digits: the application's API token"));
        }
        // Keys of people are not shown: whoever has one can be written to by anybody.
        if config.to.iter().any(|t| !is_key(t)) {
            return Err(bad("to", "each must be the 30 letters and digits of a user key or group key"));
        }
        if !(30..=10_800).contains(&config.retry_s) {
            return Err(bad("retry_s", "must be 30 to 10800 seconds"));
        }
        if !(config.retry_s..=10_800).contains(&config.expire_s) {
            return Err(bad("expire_s", "must be retry_s to 10800 seconds"));
        }
        if config.callback_url.as_deref().is_some_and(|u| web(u).is_none() || u.contains(['?', '#'])) {
            return Err(bad(
                "callback_url",
                "must be an address like https://host/path that Pushover can reach",
            ));
        }
        let callback = Settings::new(config)?;
        if callback.is_none() && (config.callback_url.is_some() || config.callback_secret.is_some()) {
            return Err(bad("callback_secret", "callback_url and callback_secret go together"));
        }
        let http = Http::new(&name, &config.connection(), Redirects::None)?;
        Ok(Self { name, http, token, config: config.clone(), callback, once: Once::default() })
    }

    async fn deliver(&self, message: &Message) -> Outcome {
        let to = match recipients(message, &self.config.to, is_key, "the 30 characters of a user key") {
            Ok(to) => to,
            Err(reason) => return Outcome::Permanent { reason: format!("{}: {reason}", self.name) },
        };
        to_each(&self.once, &message.key, "Pushover", &to, async |user| {
            let form = self.form(message, user);
            let pairs: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
            read(&self.http.post_form("1/messages.json", &pairs).await)
        })
        .await
    }

    fn form(&self, message: &Message, user: &str) -> Vec<(&'static str, String)> {
        let lines = Lines::of(message);
        let text = if lines.body.is_empty() { lines.title() } else { lines.body.clone() };
        let mut form = vec![
            ("token", self.token.expose().to_owned()),
            ("user", user.to_owned()),
            ("title", cut(&lines.title(), TITLE, Unit::Chars)),
            ("message", cut(&text, MESSAGE, Unit::Chars)),
        ];
        let links = [(lines.ack_link, "Acknowledge"), (lines.link, "Open the incident")];
        let fits = |(link, label): (Option<&str>, &'static str)| {
            link.filter(|l| Unit::Chars.of(l) <= URL).map(|l| (l.to_owned(), label))
        };
        if let Some((link, label)) = links.into_iter().find_map(fits) {
            form.extend([("url", link), ("url_title", label.to_owned())]);
        }
        match message.urgency {
            Urgency::High => {
                form.extend([
                    ("priority", "2".to_owned()),
                    ("retry", self.config.retry_s.to_string()),
                    ("expire", self.config.expire_s.to_string()),
                ]);
                if let (Some(settings), Some(url)) = (&self.callback, &self.config.callback_url) {
                    form.push(("callback", callback(url, settings, lines.button.unwrap_or_default())));
                }
            }
            Urgency::Normal => form.push(("priority", "0".to_owned())),
            Urgency::Low => form.push(("priority", "-1".to_owned())),
        }
        form.extend(self.config.sound.clone().map(|s| ("sound", s)));
        form
    }

    async fn check(&self) -> Health {
        let name = self.name.clone();
        let answer = self.http.get("1/apps/limits.json", &[("token", self.token.expose())]).await;
        let (ok, detail) = match (read(&answer), &answer) {
            (Outcome::Done { .. }, Ok(reply)) => {
                let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
                let left = value.get("remaining").and_then(Value::as_i64);
                let left = left.map_or("?".to_owned(), |n| n.to_string());
                (left != "0", format!("{left} messages left this month"))
            }
            (Outcome::Retry { reason, .. } | Outcome::Permanent { reason }, _) => (false, reason),
            (Outcome::Done { detail, .. }, Err(_)) => (true, detail),
        };
        Health { name, ok, detail: format!("{}: {detail}", self.http.address()) }
    }
}

fn read(answer: &Result<Reply, HttpError>) -> Outcome {
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) => return HINTS.unanswered(error),
    };
    let Ok(value) = serde_json::from_slice::<Value>(&reply.body) else {
        if reply.ok() {
            let said = reply.excerpt();
            return retry(format!("Pushover: an answer that is no JSON, is url right? {said}"), None);
        }
        return HINTS.status(reply, &reply.excerpt(), None);
    };
    if reply.ok() && value.get("status").and_then(Value::as_i64) == Some(1) {
        let data = json!({"request": value.get("request"), "receipt": value.get("receipt")});
        return Outcome::Done { detail: "Pushover took it".to_owned(), data };
    }
    let said = value
        .get("errors")
        .and_then(Value::as_array)
        .map(|all| all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "));
    let said = excerpt(&said.unwrap_or_default());
    let invalid = |field: &str| value.get(field).and_then(Value::as_str) == Some("invalid");
    match reply.status {
        400..=499 if invalid("token") => HINTS.refused(&said, HINTS.revoked),
        400..=499 if invalid("user") => {
            HINTS.refused(&said, "the person's key is wrong, or they have no device left: correct it")
        }
        // Its own advice: what was refused with 4xx is never to be repeated as it is.
        400 | 413 => HINTS.refused(&said, "see https://pushover.net/api"),
        200 => HINTS.refused(&said, "see https://pushover.net/api"),
        _ => HINTS.status(reply, &said, None),
    }
}

fn is_key(text: &str) -> bool {
    text.len() == 30 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

impl Notifier for Pushover {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(self.check())
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Outcome> {
        Box::pin(self.deliver(message))
    }
}
