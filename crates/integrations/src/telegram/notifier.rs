//! The notifier port over `sendMessage`: <https://core.telegram.org/bots/api#sendmessage>. The bot's token stands in the
//! path of every call, so nothing of an address but its base is ever shown.

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier, Urgency};
use firebell_core::ports::{BoxFuture, Health};
use serde_json::{Value, json};

use super::config::Config;
use crate::http::{Http, HttpError, Redirects, Reply, excerpt, loopback_host};
use crate::notice::text::{Unit, all, cut, fit, marked_up};
use crate::notice::{Again, Hints, Lines, Once, recipients, retry, to_each};
use crate::replies::{PAGE, pressable, value};
use crate::settings::{ConfigError, SecretText, adapter_name};

/// Longest text, UTF-16 units; entities count less than they take here.
const TEXT: usize = 4096;
/// What a button carries, bytes, and what it says.
const DATA: usize = 64;
const LABEL: usize = 60;

const HINTS: Hints = Hints {
    provider: "Telegram",
    again: Again::Doubtful,
    revoked: "the token was revoked: ask @BotFather for a new one and set `token`",
    forbidden: "the person has to start the bot first or has blocked it, or it was put out of the group: invite it again",
    gone: "no bot has this token: check `token`",
};

/// A configured bot.
pub struct Telegram {
    name: String,
    http: Http,
    token: SecretText,
    to: Vec<String>,
    answered: bool,
    once: Once,
}

impl Telegram {
    /// Builds the notifier; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("telegram", &config.name)?;
        let token = config.token.resolve(&name, "token")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-:".contains(c);
        if !token.expose().contains(':') || !token.expose().chars().all(plain) {
            return Err(ConfigError::new(&name, "token", "must be like 123456:ABC-def: @BotFather gives it"));
        }
        if let Some(wrong) = config.to.iter().find(|t| !is_chat(t)) {
            let why = format!("{wrong:?} is no id of a chat like -1001234567890, and no @name");
            return Err(ConfigError::new(&name, "to", why));
        }
        let http = Http::new(&name, &config.connection(), Redirects::None)?;
        let answered = config.secret_token.is_some();
        Ok(Self { name, http, token, to: config.to.clone(), answered, once: Once::default() })
    }

    async fn deliver(&self, message: &Message) -> Outcome {
        let to = match recipients(message, &self.to, is_chat, "-1001234567890 or @name") {
            Ok(to) => to,
            Err(reason) => return Outcome::Permanent { reason: format!("{}: {reason}", self.name) },
        };
        to_each(&self.once, &message.key, "Telegram", &to, async |chat| {
            read(&self.call("sendMessage", &body(message, chat, self.answered)).await)
        })
        .await
    }

    async fn call(&self, method: &str, body: &Value) -> Result<Reply, HttpError> {
        self.http.post_json(&format!("bot{}/{method}", self.token.expose()), body, &[]).await
    }

    async fn check(&self) -> Health {
        let name = self.name.clone();
        let address = self.http.address();
        let answer = self.call("getMe", &json!({})).await;
        let (ok, detail) = match (read(&answer), &answer) {
            (Outcome::Done { .. }, Ok(reply)) => {
                let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
                let bot = value.pointer("/result/username").and_then(Value::as_str).unwrap_or("?");
                (true, format!("answers as @{}", excerpt(bot)))
            }
            (Outcome::Retry { reason, .. } | Outcome::Permanent { reason }, _) => (false, reason),
            (Outcome::Done { detail, .. }, Err(_)) => (true, detail),
        };
        Health { name, ok, detail: format!("{address}: {detail}") }
    }
}

/// What is posted. Outside text is escaped, so that nothing in it is a tag.
fn body(message: &Message, chat: &str, answered: bool) -> Value {
    let lines = Lines::of(message);
    let title = fit(marked_up(&lines.title()), 500, Unit::Utf16);
    let mut tail = String::new();
    let mut rows = Vec::new();
    let button = lines.button.filter(|_| answered);
    if let Some(reference) = button {
        let row = PAGE.map(|(press, label)| json!({"text": label, "callback_data": value(press, reference)}));
        rows.push(json!(row));
    }
    // One row for each plan: its go beside its no-go.
    let decisions: Vec<Value> = pressable(&message.controls, DATA, Unit::Bytes)
        .filter(|_| answered)
        .map(|(c, data)| json!({"text": cut(&c.label, LABEL, Unit::Utf16), "callback_data": data}))
        .collect();
    rows.extend(decisions.chunks(2).map(|row| json!(row)));
    let ack = lines.ack_link.filter(|_| button.is_none()).map(|l| ("Acknowledge", l));
    let mut links = Vec::new();
    for (label, link) in ack.into_iter().chain(lines.link.map(|l| ("Open", l))) {
        if opens(link) {
            links.push(json!({"text": label, "url": link}));
        } else if !lines.body.contains(link) {
            tail.push_str(&format!("\n{label}: {}", all(marked_up(link))));
        }
    }
    if !links.is_empty() {
        rows.push(json!(links));
    }
    if button.is_none()
        && let Some(hint) = lines.reply_hint().filter(|_| answered)
    {
        tail.push_str(&format!("\n{hint}"));
    }
    let head = format!("<b>{title}</b>");
    let room = TEXT.saturating_sub(Unit::Utf16.of(&head) + Unit::Utf16.of(&tail) + 2);
    let middle = fit(marked_up(&lines.body), room, Unit::Utf16);
    let gap = if middle.is_empty() { "" } else { "\n\n" };
    let mut body = json!({
        "chat_id": chat,
        "text": format!("{head}{gap}{middle}{tail}"),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": true},
    });
    if message.urgency == Urgency::Low {
        body["disable_notification"] = json!(true);
    }
    if !rows.is_empty() {
        body["reply_markup"] = json!({"inline_keyboard": rows});
    }
    body
}

/// Telegram refuses a whole message if a button leads to a host that it takes for none.
fn opens(link: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(link) else { return false };
    url.host_str().is_some_and(|h| h.contains('.') && !loopback_host(h))
}

fn read(answer: &Result<Reply, HttpError>) -> Outcome {
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) => return HINTS.unanswered(error),
    };
    let Ok(value) = serde_json::from_slice::<Value>(&reply.body) else {
        if reply.ok() {
            let said = reply.excerpt();
            return retry(format!("Telegram: an answer that is no JSON, is url right? {said}"), None);
        }
        return HINTS.status(reply, &reply.excerpt(), None);
    };
    if reply.ok() && value.get("ok").and_then(Value::as_bool) == Some(true) {
        let data = json!({
            "message_id": value.pointer("/result/message_id"),
            "chat_id": value.pointer("/result/chat/id"),
        });
        return Outcome::Done { detail: "Telegram took it".to_owned(), data };
    }
    let said = excerpt(value.get("description").and_then(Value::as_str).unwrap_or_default());
    // It says how long to wait in the body, not in a header.
    let wait = value.pointer("/parameters/retry_after").and_then(Value::as_u64);
    let wait = wait.map(|s| u32::try_from(s.min(86_400)).unwrap_or(86_400));
    if let Some(id) = value.pointer("/parameters/migrate_to_chat_id").and_then(Value::as_i64) {
        return HINTS.refused(&said, &format!("the group became a supergroup: set `to` to {id}"));
    }
    match reply.status {
        400 if said.contains("chat not found") => {
            HINTS.refused(&said, "correct the id in `to`; a person has to start the bot first")
        }
        400 => HINTS.refused(&said, "see https://core.telegram.org/bots/api#sendmessage"),
        _ => HINTS.status(reply, &said, wait),
    }
}

/// `-1001234567890` or `@name`.
fn is_chat(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let id = (1..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let word =
        |n: &str| (4..=32).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    id || text.strip_prefix('@').is_some_and(word)
}

impl Notifier for Telegram {
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
