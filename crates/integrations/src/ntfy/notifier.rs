//! The notifier port over publishing as JSON: <https://docs.ntfy.sh/publish/#publish-as-json>.

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier, Urgency};
use firebell_core::ports::{BoxFuture, Health};
use serde_json::{Value, json};

use super::config::Config;
use crate::answers::error_text;
use crate::http::{Http, HttpError, Redirects, Reply};
use crate::notice::text::{Unit, cut};
use crate::notice::{Again, Hints, Lines, Once, digest, recipients, retry, to_each};
use crate::settings::{ConfigError, adapter_name};

/// Longest message, bytes; more becomes an attachment, which is shown as a file.
const MESSAGE: usize = 4096;
/// Longest title, bytes.
const TITLE: usize = 250;

const HINTS: Hints = Hints {
    provider: "ntfy",
    again: Again::Safe,
    revoked: "the token was revoked or is wrong: make a new one with `ntfy token add` or in the web app, and set `token`",
    forbidden: "the token may not publish to this topic: grant it with `ntfy access`, or correct `to`",
    gone: "there is no ntfy at this address: check `url`",
};

/// A configured server.
pub struct Ntfy {
    name: String,
    http: Http,
    to: Vec<String>,
    once: Once,
}

impl Ntfy {
    /// Builds the notifier; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("ntfy", &config.name)?;
        if let Some(wrong) = config.to.iter().find(|t| !is_topic(t)) {
            let why = format!("{wrong:?} is no topic: 1 to 64 letters, digits, '-' and '_'");
            return Err(ConfigError::new(&name, "to", why));
        }
        let http = Http::new(&name, &config.connection(), Redirects::None)?;
        Ok(Self { name, http, to: config.to.clone(), once: Once::default() })
    }

    async fn deliver(&self, message: &Message) -> Outcome {
        let to = match recipients(message, &self.to, is_topic, "oncall-a1b2c3") {
            Ok(to) => to,
            Err(reason) => return Outcome::Permanent { reason: format!("{}: {reason}", self.name) },
        };
        to_each(&self.once, &message.key, "ntfy", &to, async |topic| {
            read(&self.http.post_json("", &body(message, topic), &[]).await)
        })
        .await
    }

    async fn check(&self) -> Health {
        let name = self.name.clone();
        let (ok, detail) = match self.http.get("v1/health", &[]).await {
            Ok(reply) if reply.ok() => {
                let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
                match value.get("healthy").and_then(Value::as_bool) {
                    Some(true) => (true, "healthy".to_owned()),
                    _ => (false, "does not say that it is healthy: check url".to_owned()),
                }
            }
            Ok(reply) => (false, format!("status {}: {}", reply.status, error_text(&reply))),
            Err(error) => (false, error.to_string()),
        };
        Health { name, ok, detail: format!("{}: {detail}", self.http.address()) }
    }
}

/// What is posted.
fn body(message: &Message, topic: &str) -> Value {
    let lines = Lines::of(message);
    let (priority, tags) = match message.urgency {
        Urgency::High => (5, json!(["rotating_light"])),
        Urgency::Normal => (3, json!([])),
        Urgency::Low => (2, json!([])),
    };
    let text = if lines.body.is_empty() { lines.title() } else { lines.body.clone() };
    let mut actions = Vec::new();
    if let Some(link) = lines.ack_link {
        // Pressed in the notification itself; the address carries its own token.
        actions.push(
            json!({"action": "http", "label": "Acknowledge", "url": link, "method": "POST", "clear": true}),
        );
    }
    if let Some(link) = lines.link {
        actions.push(json!({"action": "view", "label": "Open", "url": link}));
    }
    let mut body = json!({
        "topic": topic,
        "title": cut(&lines.title(), TITLE, Unit::Bytes),
        "message": cut(&text, MESSAGE, Unit::Bytes),
        "priority": priority,
        "tags": tags,
        "actions": actions,
        // The same message again takes the place of the first one on the device.
        "sequence_id": digest(&message.key),
    });
    if let Some(link) = lines.link.or(lines.ack_link) {
        body["click"] = json!(link);
    }
    body
}

fn read(answer: &Result<Reply, HttpError>) -> Outcome {
    match answer {
        Ok(reply) if reply.ok() => {
            let Ok(value) = serde_json::from_slice::<Value>(&reply.body) else {
                let said = reply.excerpt();
                return retry(format!("ntfy: an answer that is no JSON, is url right? {said}"), None);
            };
            Outcome::Done { detail: "ntfy took it".to_owned(), data: json!({"id": value.get("id")}) }
        }
        Ok(reply) => HINTS.status(reply, &error_text(reply), None),
        Err(error) => HINTS.unanswered(error),
    }
}

fn is_topic(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

impl Notifier for Ntfy {
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
