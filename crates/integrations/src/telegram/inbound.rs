//! What Telegram posts to us: pressed buttons and messages to the bot, with the secret that was given to `setWebhook`:
//! <https://core.telegram.org/bots/api#setwebhook>.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::config::Config;
use crate::notice::text::{Unit, cut};
use crate::replies::{
    Answer, Body, Received, Receiver, Reference, ReplyError, Request, Said, at, command, equal, need, pressed,
};
use crate::settings::{ConfigError, SecretText, adapter_name};

/// What is needed to read the requests for one bot.
#[derive(Debug, Clone)]
pub struct Settings {
    name: String,
    secret_token: SecretText,
}

impl Settings {
    /// None where no `secret_token` is configured.
    ///
    /// # Errors
    /// When the secret cannot be read.
    pub fn new(config: &Config) -> Result<Option<Self>, ConfigError> {
        let name = adapter_name("telegram", &config.name)?;
        let Some(secret) = &config.secret_token else { return Ok(None) };
        let secret_token = secret.resolve(&name, "secret_token")?;
        if secret_token.expose().len() < 16 {
            let why = "must have at least 16 characters: make one with `openssl rand -hex 32`";
            return Err(ConfigError::new(&name, "secret_token", why));
        }
        Ok(Some(Self { name, secret_token }))
    }
}

/// Checks and reads a request. Act once on each [`Answer::id`]: Telegram repeats what it got no 200 for.
///
/// # Errors
/// When the secret is wrong, or the body cannot be read.
pub fn parse(request: &Request<'_>, settings: &Settings, _: Timestamp) -> Result<Received, ReplyError> {
    let given = request.header("x-telegram-bot-api-secret-token").unwrap_or_default();
    if !equal(given, settings.secret_token.expose()) {
        return Err(ReplyError::Unauthenticated("not the secret_token that was given to setWebhook"));
    }
    let update: Value = serde_json::from_slice(request.body).map_err(|e| ReplyError::json(&e))?;
    let id = need(&update, "/update_id", "update_id")?;
    if let Some(query) = update.get("callback_query") {
        return press(query, &id);
    }
    match update.get("message") {
        Some(message) => written(message, &id),
        None => Ok(Received::Nothing("an update of another kind")),
    }
}

fn press(query: &Value, update: &str) -> Result<Received, ReplyError> {
    let Some((what, reference)) = pressed(at(query, "/data")) else {
        return Ok(Received::Nothing("a button that is not ours"));
    };
    let user = need(query, "/from/id", "callback_query.from.id")?;
    let callback = need(query, "/id", "callback_query.id")?;
    let mut answer = Answer::new(&user, what, format!("press:{update}:{callback}"));
    answer.reference = reference;
    answer.name = name(query);
    answer.place = need(query, "/message/chat/id", "callback_query.message.chat.id").unwrap_or_default();
    Ok(answer.received())
}

fn written(message: &Value, update: &str) -> Result<Received, ReplyError> {
    let text = at(message, "/text").trim();
    let is_bot = message.pointer("/from/is_bot").and_then(Value::as_bool).unwrap_or(false);
    if text.is_empty() || is_bot {
        return Ok(Received::Nothing("no text of a person"));
    }
    let (what, reference) = match text.strip_prefix('/') {
        Some(said) => {
            // `/ack@FirebellBot 4711`, as groups write it.
            let (word, rest) = said.split_once(char::is_whitespace).unwrap_or((said, ""));
            let word = word.split('@').next().unwrap_or_default();
            if word == "start" {
                return Ok(Received::Nothing("the bot was started"));
            }
            let said = if word == "incident" { rest.to_owned() } else { format!("{word} {rest}") };
            command(&said)
        }
        None if at(message, "/chat/type") == "private" => command(text),
        None => (Said::Message(cut(text, 4000, Unit::Chars)), Reference::None),
    };
    let user = need(message, "/from/id", "message.from.id")?;
    let mut answer = Answer::new(&user, what, format!("message:{update}"));
    answer.reference = reference;
    answer.name = name(message);
    answer.place = need(message, "/chat/id", "message.chat.id")?;
    Ok(answer.received())
}

fn name(of: &Value) -> String {
    let found = [at(of, "/from/username"), at(of, "/from/first_name")];
    found.into_iter().find(|n| !n.is_empty()).unwrap_or_default().to_owned()
}

impl Receiver for Settings {
    fn name(&self) -> &str {
        &self.name
    }

    fn receive(&self, request: &Request<'_>, now: Timestamp) -> Result<Received, ReplyError> {
        parse(request, self, now)
    }

    fn say(&self, answer: &Answer, text: &str) -> Body {
        let callback = answer.id.strip_prefix("press:").and_then(|rest| rest.split_once(':'));
        Body::json(&match callback {
            Some((_, id)) => json!({
                "method": "answerCallbackQuery",
                "callback_query_id": id,
                "text": cut(text, 200, Unit::Utf16),
            }),
            None => json!({
                "method": "sendMessage",
                "chat_id": answer.place,
                "text": cut(text, 4096, Unit::Utf16),
            }),
        })
    }
}
