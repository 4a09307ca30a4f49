//! The notifier port over the Web API or an incoming webhook.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier};
use firebell_core::ports::{BoxFuture, Health};
use serde_json::{Value, json};

use super::blocks::{blocks, text};
use super::config::Config;
use crate::http::{Http, HttpError, Redirects, Reply, excerpt};
use crate::notice::{Again, Hints, Known, Once, recipients, retry, to_each};
use crate::settings::{ConfigError, adapter_name};

const HINTS: Hints = Hints {
    provider: "Slack",
    again: Again::Doubtful,
    revoked: "the token was revoked or is wrong: install the app again and set `token` to the new bot token (xoxb-…)",
    forbidden: "the app may not post there: check its permissions in the workspace",
    gone: "the webhook was removed: make a new one and set `webhook_url`",
};

/// Recipient under which a webhook's messages are remembered.
const WEBHOOK: &str = "webhook";

/// A configured workspace.
pub struct Slack {
    name: String,
    http: Http,
    by: By,
    to: Vec<String>,
    /// Whether buttons come back to us.
    answered: bool,
    once: Once,
    /// Channels with one person, by their id.
    direct: Mutex<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Token,
    Webhook,
}

impl Slack {
    /// Builds the notifier; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("slack", &config.name)?;
        let bad = |field: &str, why: &str| ConfigError::new(&name, field, why);
        let connection = config.connection();
        let (by, http) = match (&config.token, &config.webhook_url) {
            (Some(_), None) => (By::Token, Http::new(&name, &connection, Redirects::None)?),
            (None, Some(url)) => {
                let url = url.resolve(&name, "webhook_url")?;
                (By::Webhook, Http::hidden(&name, "webhook_url", &url, &connection, Redirects::None)?)
            }
            (Some(_), Some(_)) => return Err(bad("webhook_url", "excludes token: give one of them")),
            (None, None) => return Err(bad("token", "is missing: give token or webhook_url")),
        };
        if by == By::Webhook && !config.to.is_empty() {
            return Err(bad("to", "a webhook posts to its own channel only: leave it out, or use token"));
        }
        if let Some(wrong) = config.to.iter().find(|t| !is_id(t)) {
            let why = format!("{wrong:?} is no id like C0123456789: copy it from the channel's details");
            return Err(bad("to", &why));
        }
        let answered = by == By::Token && config.signing_secret.is_some();
        Ok(Self {
            name,
            http,
            by,
            to: config.to.clone(),
            answered,
            once: Once::default(),
            direct: Mutex::default(),
        })
    }

    async fn deliver(&self, message: &Message) -> Outcome {
        let to = match self.by {
            By::Webhook => vec![WEBHOOK.to_owned()],
            By::Token => match recipients(message, &self.to, is_id, "C0123456789") {
                Ok(to) => to,
                Err(reason) => return Outcome::Permanent { reason: format!("{}: {reason}", self.name) },
            },
        };
        to_each(&self.once, &message.key, "Slack", &to, async |to| match self.by {
            By::Webhook => self.webhook(message).await,
            By::Token => match self.channel(to).await {
                Ok(channel) => self.post(message, &channel).await,
                Err(outcome) => outcome,
            },
        })
        .await
    }

    /// Where a message goes: to a person in the channel that the app has with them.
    /// <https://docs.slack.dev/reference/methods/conversations.open>
    async fn channel(&self, to: &str) -> Result<String, Outcome> {
        if !to.starts_with(['U', 'W']) {
            return Ok(to.to_owned());
        }
        let known = self.direct.lock().unwrap_or_else(PoisonError::into_inner).get(to).cloned();
        if let Some(channel) = known {
            return Ok(channel);
        }
        let answer = self.http.post_form("conversations.open", &[("users", to)]).await;
        match (read(&answer), &answer) {
            ((Outcome::Done { .. }, _), Ok(reply)) => {
                let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
                let Some(channel) = value.pointer("/channel/id").and_then(Value::as_str) else {
                    return Err(retry("Slack: a channel without an id, is url right?", None));
                };
                let mut direct = self.direct.lock().unwrap_or_else(PoisonError::into_inner);
                direct.insert(to.to_owned(), channel.to_owned());
                Ok(channel.to_owned())
            }
            // Without the scope im:write, Slack takes the person for the channel; only what was sent there cannot be found.
            ((_, word), _) if matches!(word.as_str(), "missing_scope" | "unknown_method") => {
                Ok(to.to_owned())
            }
            ((outcome, _), _) => Err(outcome),
        }
    }

    async fn post(&self, message: &Message, channel: &str) -> Outcome {
        if self.once.get(&message.key, channel) == Some(Known::Doubtful)
            && let Some(data) = self.find(&message.key, channel).await
        {
            return Outcome::Done { detail: "Slack had taken it".to_owned(), data };
        }
        let (text, blocks) = (text(message), blocks(message, self.answered).to_string());
        let payload = json!({"key": message.key, "incident": message.incident});
        let metadata = json!({"event_type": "firebell_message", "event_payload": payload}).to_string();
        let form = [
            ("channel", channel),
            ("text", text.as_str()),
            ("blocks", blocks.as_str()),
            ("metadata", metadata.as_str()),
            ("unfurl_links", "false"),
            ("unfurl_media", "false"),
            ("link_names", "false"),
        ];
        let answer = self.http.post_form("chat.postMessage", &form).await;
        let outcome = read(&answer);
        if HINTS.doubtful(&answer) || unsure(&outcome) {
            self.once.set(&message.key, channel, Known::Doubtful);
        }
        outcome.0
    }

    /// Looks for a message whose fate is not known; only where the app may read the channel.
    async fn find(&self, key: &str, channel: &str) -> Option<Value> {
        let query = [("channel", channel), ("limit", "50"), ("include_all_metadata", "true")];
        let reply = self.http.get("conversations.history", &query).await.ok()?;
        let value: Value = serde_json::from_slice(&reply.body).ok()?;
        let messages = value.get("messages")?.as_array()?;
        let ours = |m: &&Value| m.pointer("/metadata/event_payload/key").and_then(Value::as_str) == Some(key);
        let found = messages.iter().find(ours)?;
        Some(json!({"channel": channel, "ts": found.get("ts")?}))
    }

    async fn webhook(&self, message: &Message) -> Outcome {
        let body = json!({
            "text": text(message),
            "blocks": blocks(message, false),
            "unfurl_links": false,
            "unfurl_media": false,
        });
        match self.http.post_json("", &body, &[]).await {
            Ok(reply) if reply.ok() => {
                Outcome::Done { detail: "Slack took it".to_owned(), data: Value::Null }
            }
            // Slack says what is wrong in one plain word: no_service, channel_is_archived.
            Ok(reply) => HINTS.status(&reply, &reply.excerpt(), None),
            Err(error) => HINTS.unanswered(&error),
        }
    }

    async fn check(&self) -> Health {
        let name = self.name.clone();
        if self.by == By::Webhook {
            let detail =
                format!("{} is not asked: every call to a webhook posts something", self.http.address());
            return Health { name, ok: true, detail };
        }
        let answer = self.http.post_form("auth.test", &[]).await;
        match read(&answer) {
            (Outcome::Done { data, .. }, _) => {
                let of = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
                let detail = format!("{} answers: {} in {}", self.http.address(), of("user"), of("team"));
                Health { name, ok: true, detail: excerpt(&detail) }
            }
            (Outcome::Retry { reason, .. } | Outcome::Permanent { reason }, _) => {
                Health { name, ok: false, detail: format!("{}: {reason}", self.http.address()) }
            }
        }
    }
}

/// The outcome, and Slack's word for what went wrong.
pub(super) type Reading = (Outcome, String);

fn unsure((_, word): &Reading) -> bool {
    matches!(word.as_str(), "internal_error" | "fatal_error" | "request_timeout")
}

/// Slack answers with 200 and `{"ok": false, "error": "…"}`.
pub(super) fn read(answer: &Result<Reply, HttpError>) -> Reading {
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) => return (HINTS.unanswered(error), String::new()),
    };
    if !reply.ok() {
        return (HINTS.status(reply, &reply.excerpt(), None), String::new());
    }
    let Ok(value) = serde_json::from_slice::<Value>(&reply.body) else {
        return (
            retry(format!("Slack: an answer that is no JSON, is url right? {}", reply.excerpt()), None),
            String::new(),
        );
    };
    if value.get("ok").and_then(Value::as_bool) == Some(true) {
        let kept = ["channel", "ts", "user", "team"];
        let data = kept.iter().filter_map(|k| Some(((*k).to_owned(), value.get(*k)?.clone())));
        let data = Value::Object(data.collect());
        return (Outcome::Done { detail: "Slack took it".to_owned(), data }, String::new());
    }
    let word = value.get("error").and_then(Value::as_str).unwrap_or("no reason given");
    let word = excerpt(word);
    (refusal(&word, &value, reply), word)
}

fn refusal(word: &str, value: &Value, reply: &Reply) -> Outcome {
    match word {
        "ratelimited" | "rate_limited" => {
            retry("Slack: too many messages, it asks to wait", reply.retry_after_s.or(Some(30)))
        }
        "internal_error" | "fatal_error" | "request_timeout" => {
            retry(format!("Slack: {word}; it may have arrived, the repetition looks for it first"), None)
        }
        "service_unavailable" | "team_added_to_org" => retry(format!("Slack: {word}"), reply.retry_after_s),
        "invalid_auth" | "token_revoked" | "token_expired" | "not_authed" | "account_inactive" => {
            HINTS.refused(word, HINTS.revoked)
        }
        "missing_scope" => {
            let needed = value.get("needed").and_then(Value::as_str).unwrap_or("chat:write");
            HINTS.refused(word, &format!("add the scope {} to the app and install it again", excerpt(needed)))
        }
        "channel_not_found" => HINTS.refused(
            word,
            "the channel is gone or private: correct its id in `to`, and invite the app with /invite",
        ),
        "not_in_channel" => HINTS.refused(word, "invite the app to the channel with /invite"),
        "is_archived" => HINTS.refused(word, "unarchive the channel, or set `to` to another one"),
        "user_not_found" | "users_not_found" | "user_disabled" | "cannot_dm_bot" => HINTS.refused(
            word,
            "nobody in the workspace can be written to under this id: correct the person's contact",
        ),
        "messages_tab_disabled" => {
            HINTS.refused(word, "switch on the Messages tab under App Home, so that people can be written to")
        }
        _ => HINTS.refused(word, "see https://docs.slack.dev/reference/methods/chat.postMessage#errors"),
    }
}

/// `C0123456789`: ids only, for names change and people can take a name that was given up.
fn is_id(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    text.len() >= 5 && text.len() <= 30 && plain && text.starts_with(['C', 'G', 'D', 'U', 'W'])
}

impl Notifier for Slack {
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
