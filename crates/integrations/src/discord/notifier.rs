//! The notifier port over executing a webhook: <https://docs.discord.com/developers/resources/webhook#execute-webhook>.

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier, Urgency};
use firebell_core::ports::{BoxFuture, Health};
use serde_json::{Value, json};

use super::config::Config;
use super::inbound::public_key;
use crate::http::{Http, HttpError, Method, Redirects, Reply, excerpt};
use crate::notice::text::{Unit, cut, fit, markdown};
use crate::notice::{Again, Hints, Lines, Once, Tally, colour, retry};
use crate::replies::{PAGE, Press, pressable, value};
use crate::settings::{ConfigError, adapter_name};

/// Title of an embed, characters.
const TITLE: usize = 256;
/// Its text, characters; all parts together may have 6,000.
const DESCRIPTION: usize = 4096;
/// Address of a button, characters.
const BUTTON_URL: usize = 512;
/// What a button carries and what it says, characters.
const CUSTOM_ID: usize = 100;
const LABEL: usize = 80;
/// Do not ring for it.
const SUPPRESS_NOTIFICATIONS: u32 = 1 << 12;

const HINTS: Hints = Hints {
    provider: "Discord",
    again: Again::Doubtful,
    revoked: "the webhook's token is wrong: make a new webhook in the channel's settings and set `webhook_url`",
    forbidden: "Discord refuses this webhook: make a new one in the channel's settings and set `webhook_url`",
    gone: "the webhook or its channel was deleted: make a new one in the channel's settings and set `webhook_url`",
};

/// A configured webhook.
pub struct Discord {
    name: String,
    http: Http,
    answered: bool,
    once: Once,
}

impl Discord {
    /// Builds the notifier; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("discord", &config.name)?;
        let url = config.webhook_url.resolve(&name, "webhook_url")?;
        if url.expose().contains('?') {
            return Err(ConfigError::new(
                &name,
                "webhook_url",
                "must not hold a query: copy it as Discord shows it",
            ));
        }
        let answered = public_key(&name, config)?.is_some();
        let http = Http::hidden(&name, "webhook_url", &url, &config.connection(), Redirects::None)?;
        Ok(Self { name, http, answered, once: Once::default() })
    }

    async fn deliver(&self, message: &Message) -> Outcome {
        let mut tally = Tally::new(&self.once, &message.key);
        if !tally.has("webhook") {
            let body = body(message, self.answered).to_string().into_bytes();
            // Without `wait` Discord answers before it knows whether the message can be posted.
            let query = [("wait", "true"), ("with_components", "true")];
            let headers = [("content-type", "application/json")];
            let answer = self.http.call(Method::POST, "", &query, &headers, body).await;
            tally.note("webhook", read(&answer));
        }
        tally.outcome("Discord")
    }

    async fn check(&self) -> Health {
        let name = self.name.clone();
        let address = self.http.address();
        match self.http.get("", &[]).await {
            Ok(reply) if reply.ok() => {
                let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
                let hook = excerpt(value.get("name").and_then(Value::as_str).unwrap_or("?"));
                Health { name, ok: true, detail: format!("{address}: the webhook {hook} is there") }
            }
            answer => match read(&answer) {
                Outcome::Retry { reason, .. } | Outcome::Permanent { reason } => {
                    Health { name, ok: false, detail: format!("{address}: {reason}") }
                }
                Outcome::Done { detail, .. } => Health { name, ok: true, detail },
            },
        }
    }
}

/// What is posted. Nothing in it mentions anybody, whatever it says.
fn body(message: &Message, answered: bool) -> Value {
    let lines = Lines::of(message);
    let mut embed = json!({
        "title": fit(markdown(&lines.title()), TITLE, Unit::Chars),
        "color": colour(message),
    });
    if let Some(link) = lines.link {
        embed["url"] = json!(link);
    }
    if !lines.body.is_empty() {
        embed["description"] = json!(fit(markdown(&lines.body), DESCRIPTION, Unit::Chars));
    }
    let mut buttons = Vec::new();
    let button = lines.button.filter(|_| answered);
    if let Some(reference) = button {
        for (press, label) in PAGE {
            let style = if press == Press::Acknowledge { 1 } else { 2 };
            buttons.push(
                json!({"type": 2, "style": style, "label": label, "custom_id": value(press, reference)}),
            );
        }
    }
    let ack = lines.ack_link.filter(|_| button.is_none()).map(|l| ("Acknowledge", l));
    for (label, link) in ack.into_iter().chain(lines.link.map(|l| ("Open", l))) {
        if Unit::Chars.of(link) <= BUTTON_URL {
            buttons.push(json!({"type": 2, "style": 5, "label": label, "url": link}));
        }
    }
    let mut body = json!({"embeds": [embed], "allowed_mentions": {"parse": []}});
    let decisions: Vec<Value> = pressable(&message.controls, CUSTOM_ID, Unit::Chars)
        .filter(|_| answered)
        .map(|(c, id)| json!({"type": 2, "style": 2, "label": cut(&c.label, LABEL, Unit::Chars), "custom_id": id}))
        .collect();
    let mut rows: Vec<Value> = Vec::new();
    if !buttons.is_empty() {
        rows.push(json!({"type": 1, "components": buttons}));
    }
    // A row has five places at most; two of them are one plan's.
    rows.extend(decisions.chunks(4).take(4).map(|row| json!({"type": 1, "components": row})));
    if !rows.is_empty() {
        body["components"] = json!(rows);
    }
    if message.urgency == Urgency::Low {
        body["flags"] = json!(SUPPRESS_NOTIFICATIONS);
    }
    body
}

fn read(answer: &Result<Reply, HttpError>) -> Outcome {
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) => return HINTS.unanswered(error),
    };
    let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    if reply.ok() {
        if value.get("id").is_none() {
            let said = reply.excerpt();
            return retry(
                format!("Discord: an answer that is no message, is webhook_url right? {said}"),
                None,
            );
        }
        let data = json!({"id": value.get("id"), "channel_id": value.get("channel_id")});
        return Outcome::Done { detail: "Discord took it".to_owned(), data };
    }
    let said = match value.get("message").and_then(Value::as_str) {
        Some(text) => excerpt(text),
        None => reply.excerpt(),
    };
    // Fractions of seconds, in the body.
    let wait = value.get("retry_after").and_then(Value::as_f64).map(|s| s.clamp(0.0, 86_400.0).ceil() as u32);
    HINTS.status(reply, &said, wait)
}

impl Notifier for Discord {
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
