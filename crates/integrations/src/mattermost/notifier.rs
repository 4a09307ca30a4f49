//! The notifier port over `POST /api/v4/posts` or an incoming webhook: <https://developers.mattermost.com/api-documentation/>,
//! <https://developers.mattermost.com/integrate/webhooks/incoming/>.

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier, Urgency};
use firebell_core::ports::{BoxFuture, Health};
use serde_json::{Value, json};

use super::config::Config;
use super::controls;
use super::direct::{Direct, is_user};
use super::inbound::Settings;
use crate::answers::error_text;
use crate::http::{Http, HttpError, Redirects, Reply, excerpt};
use crate::notice::text::{Unit, fit, markdown, web};
use crate::notice::{Again, Hints, Lines, Once, colour, digest, recipients, retry, to_each};
use crate::replies::{PAGE, value};
use crate::settings::{ConfigError, adapter_name};

/// A text; servers take 16,383 characters, old ones 4,000.
const TEXT: usize = 3800;

pub(super) const HINTS: Hints = Hints {
    provider: "Mattermost",
    again: Again::Doubtful,
    revoked: "the token was revoked or has expired: make a new one for the bot and set `token`",
    forbidden: "the bot may not post there: add it to the channel, or correct `to`",
    gone: "the channel or webhook is gone: correct `to`, or make a new webhook and set `webhook_url`",
};

/// A configured server.
pub struct Mattermost {
    name: String,
    http: Http,
    by_webhook: bool,
    to: Vec<String>,
    /// Where presses go, and what signs them.
    pub(super) callback: Option<(String, Settings)>,
    once: Once,
    direct: Direct,
}

impl Mattermost {
    /// Builds the notifier; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("mattermost", &config.name)?;
        let bad = |field: &str, why: &str| ConfigError::new(&name, field, why);
        let connection = config.connection();
        let (by_webhook, http) = match (&config.url, &config.token, &config.webhook_url) {
            (Some(_), Some(_), None) => (false, Http::new(&name, &connection, Redirects::None)?),
            (None, None, Some(url)) => {
                let url = url.resolve(&name, "webhook_url")?;
                (true, Http::hidden(&name, "webhook_url", &url, &connection, Redirects::None)?)
            }
            (_, _, Some(_)) => {
                return Err(bad("webhook_url", "excludes url and token: give one or the other"));
            }
            _ => return Err(bad("token", "give url and token, or webhook_url")),
        };
        if by_webhook && !config.to.is_empty() {
            return Err(bad("to", "a webhook posts to its own channel: leave it out, or use url and token"));
        }
        if let Some(wrong) = config.to.iter().find(|t| !is_id(t)) {
            let why = format!("{wrong:?} is no id: 26 letters and digits, see the channel's info");
            return Err(bad("to", &why));
        }
        if config.callback_url.as_deref().is_some_and(|u| web(u).is_none()) {
            return Err(bad(
                "callback_url",
                "must be an address like https://host/path that Mattermost can reach",
            ));
        }
        if config.callback_url.is_some() != config.action_secret.is_some() {
            return Err(bad("action_secret", "callback_url and action_secret go together"));
        }
        let callback = match (&config.callback_url, Settings::new(config)?) {
            (Some(url), Some(settings)) => Some((url.clone(), settings)),
            _ => None,
        };
        Ok(Self {
            name,
            http,
            by_webhook,
            to: config.to.clone(),
            callback,
            once: Once::default(),
            direct: Direct::default(),
        })
    }

    async fn deliver(&self, message: &Message) -> Outcome {
        let to = match self.by_webhook {
            true => vec!["webhook".to_owned()],
            false => match recipients(message, &self.to, is_address, "@ana, or the 26 characters of an id") {
                Ok(to) => to,
                Err(reason) => return Outcome::Permanent { reason: format!("{}: {reason}", self.name) },
            },
        };
        to_each(&self.once, &message.key, "Mattermost", &to, async |to| {
            if self.by_webhook || self.to.iter().any(|channel| channel == to) {
                return self.post(message, to).await;
            }
            match self.direct.channel(&self.http, to).await {
                Ok(channel) => self.post(message, &channel).await,
                Err(outcome) => outcome,
            }
        })
        .await
    }

    async fn post(&self, message: &Message, channel: &str) -> Outcome {
        let attachments = json!([self.attachment(message)]);
        let urgent = message.urgency == Urgency::High;
        if self.by_webhook {
            let mut body = json!({"attachments": attachments});
            if urgent {
                body["priority"] = json!({"priority": "urgent"});
            }
            return read_hook(&self.http.post_json("", &body, &[]).await);
        }
        let mut body = json!({
            "channel_id": channel,
            "message": "",
            "props": {"attachments": attachments},
            // The server drops a repetition of the same id for a short while.
            "pending_post_id": digest(&message.key),
        });
        if urgent {
            body["metadata"] = json!({"priority": {"priority": "urgent"}});
        }
        read(&self.http.post_json("api/v4/posts", &body, &[]).await)
    }

    fn attachment(&self, message: &Message) -> Value {
        let lines = Lines::of(message);
        let title = fit(markdown(&lines.title()), 250, Unit::Chars);
        let mut tail = String::new();
        let button = self.callback.as_ref().zip(lines.button);
        let ack =
            lines.ack_link.filter(|_| button.is_none()).map(|l| format!("[Acknowledge]({})", target(l)));
        let open = lines.link.map(|l| format!("[Open the incident]({})", target(l)));
        let links: Vec<String> = ack.into_iter().chain(open).collect();
        if !links.is_empty() {
            tail = format!("\n\n{}", links.join(" · "));
        }
        let room = TEXT.saturating_sub(Unit::Chars.of(&tail));
        let text = format!("{}{tail}", fit(markdown(&lines.body), room, Unit::Chars));
        let mut out = json!({
            "fallback": title,
            "color": format!("#{:06X}", colour(message)),
            "title": title,
            "text": text,
        });
        if let Some(link) = lines.link {
            out["title_link"] = json!(link);
        }
        let mut actions: Vec<Value> = Vec::new();
        if let Some(((url, settings), reference)) = button {
            actions.extend(PAGE.map(|(press, label)| {
                let value = value(press, reference);
                let context = json!({"value": value, "key": settings.key(&value)});
                json!({
                    // Letters and digits only, or nothing happens when it is pressed.
                    "id": format!("firebell{}", label.to_ascii_lowercase()),
                    "type": "button",
                    "name": label,
                    "integration": {"url": url, "context": context},
                })
            }));
        }
        if let Some((url, settings)) = &self.callback {
            actions.extend(controls::actions(&message.controls, url, settings));
        }
        if !actions.is_empty() {
            out["actions"] = json!(actions);
        }
        out
    }

    async fn check(&self) -> Health {
        let name = self.name.clone();
        let address = self.http.address();
        if self.by_webhook {
            let detail = format!("{address} is not asked: every call to a webhook posts something");
            return Health { name, ok: true, detail };
        }
        let answer = self.http.get("api/v4/users/me", &[]).await;
        let (ok, detail) = match (read(&answer), &answer) {
            (Outcome::Done { .. }, Ok(reply)) => {
                let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
                let user = value.get("username").and_then(Value::as_str).unwrap_or("?");
                (true, format!("answers to {}", excerpt(user)))
            }
            (Outcome::Retry { reason, .. } | Outcome::Permanent { reason }, _) => (false, reason),
            (Outcome::Done { detail, .. }, Err(_)) => (true, detail),
        };
        Health { name, ok, detail: format!("{address}: {detail}") }
    }
}

/// An address that its own brackets cannot end.
pub(super) fn target(link: &str) -> String {
    link.replace('(', "%28").replace(')', "%29")
}

fn read(answer: &Result<Reply, HttpError>) -> Outcome {
    match answer {
        Ok(reply) if reply.ok() => match serde_json::from_slice::<Value>(&reply.body) {
            Ok(value) if value.get("id").is_some() => {
                let data = json!({"id": value.get("id"), "channel_id": value.get("channel_id")});
                Outcome::Done { detail: "Mattermost took it".to_owned(), data }
            }
            _ => {
                let said = reply.excerpt();
                retry(format!("Mattermost: an answer that is no post, is url right? {said}"), None)
            }
        },
        Ok(reply) => HINTS.status(reply, &error_text(reply), None),
        Err(error) => HINTS.unanswered(error),
    }
}

fn read_hook(answer: &Result<Reply, HttpError>) -> Outcome {
    match answer {
        Ok(reply) if reply.ok() && reply.body.trim_ascii() == b"ok" => {
            Outcome::Done { detail: "Mattermost took it".to_owned(), data: Value::Null }
        }
        Ok(reply) if reply.ok() => {
            let said = reply.excerpt();
            retry(format!("Mattermost: an answer that is not ok, is webhook_url right? {said}"), None)
        }
        // What 400 means for a webhook: it, or its channel, was deleted.
        Ok(reply) if reply.status == 400 => HINTS.refused(&error_text(reply), HINTS.gone),
        Ok(reply) => HINTS.status(reply, &error_text(reply), None),
        Err(error) => HINTS.unanswered(error),
    }
}

pub(super) fn is_id(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// A channel's or a person's id, or a person's name.
fn is_address(text: &str) -> bool {
    is_id(text) || is_user(text)
}

impl Notifier for Mattermost {
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
