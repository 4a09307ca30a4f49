//! The notifier port over the Programmable Messaging and Voice APIs:
//! <https://www.twilio.com/docs/messaging/api/message-resource>, <https://www.twilio.com/docs/voice/api/call-resource>.

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier};
use firebell_core::ports::{BoxFuture, Health};
use serde_json::{Value, json};

use super::config::{Config, Mode};
use super::errors::{HINTS, refused};
use super::twiml::{Voice, call};
use crate::http::{Http, Redirects, Reply};
use crate::notice::text::{Unit, cut, fit, web};
use crate::notice::{Known, Lines, Once, recipients, retry, to_each};
use crate::settings::{ConfigError, adapter_name};

/// Longest message that the API takes, characters.
const LONGEST: usize = 1600;

/// A configured account.
pub struct Twilio {
    name: String,
    http: Http,
    config: Config,
    voice: Voice,
    once: Once,
}

impl Twilio {
    /// Builds the notifier; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("twilio", &config.name)?;
        let bad = |field: &str, why: &str| ConfigError::new(&name, field, why);
        if !is_sid(&config.account_sid, "AC") {
            return Err(bad("account_sid", "must be AC and 32 letters and digits: copy it from the console"));
        }
        match (&config.api_key_sid, &config.api_key_secret) {
            (None, None) => {}
            (Some(sid), Some(_)) if is_sid(sid, "SK") => {}
            (Some(_), Some(_)) => return Err(bad("api_key_sid", "must be SK and 32 letters and digits")),
            _ => return Err(bad("api_key_secret", "api_key_sid and api_key_secret go together")),
        }
        match (&config.from, &config.messaging_service_sid, config.mode) {
            (Some(from), None, Mode::Voice) if is_number(from) => {}
            (Some(from), None, Mode::Sms) if is_number(from) || is_sender(from) => {}
            (None, Some(sid), Mode::Sms) if is_sid(sid, "MG") => {}
            (None, Some(_), Mode::Sms) => {
                return Err(bad("messaging_service_sid", "must be MG and 32 letters and digits"));
            }
            (_, Some(_), _) => {
                return Err(bad("messaging_service_sid", "is for SMS, and excludes from: give one of them"));
            }
            _ => return Err(bad("from", "must be a number of the account, like +15551234567")),
        }
        if let Some(wrong) = config.to.iter().find(|t| !is_number(t)) {
            return Err(bad("to", &format!("{wrong:?} is no number like +4915112345678")));
        }
        if config.callback_url.as_deref().is_some_and(|u| web(u).is_none() || u.contains(['?', '#'])) {
            return Err(bad(
                "callback_url",
                "must be an address like https://host/path that Twilio can reach",
            ));
        }
        if !(70..=LONGEST).contains(&config.max_chars) {
            return Err(bad("max_chars", "must be 70 to 1600"));
        }
        if !(5..=600).contains(&config.ring_s) {
            return Err(bad("ring_s", "must be 5 to 600 seconds"));
        }
        let http = Http::new(&name, &config.connection(), Redirects::None)?;
        let voice = Voice { language: config.language.clone(), voice: config.voice.clone() };
        Ok(Self { name, http, config: config.clone(), voice, once: Once::default() })
    }

    async fn deliver(&self, message: &Message) -> Outcome {
        let to = match recipients(message, &self.config.to, is_number, "+4915112345678") {
            Ok(to) => to,
            Err(reason) => return Outcome::Permanent { reason: format!("{}: {reason}", self.name) },
        };
        to_each(&self.once, &message.key, "Twilio", &to, |to| self.one(message, to)).await
    }

    async fn one(&self, message: &Message, to: &str) -> Outcome {
        let form = self.form(message, to);
        if self.once.get(&message.key, to) == Some(Known::Doubtful)
            && let Some(data) = self.find(message, &form).await
        {
            return Outcome::Done { detail: "Twilio had taken it".to_owned(), data };
        }
        let pairs: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let answer = self.http.post_form(&self.path(self.resource()), &pairs).await;
        if HINTS.doubtful(&answer) {
            self.once.set(&message.key, to, Known::Doubtful);
        }
        match answer {
            Ok(reply) if reply.ok() => taken(&reply),
            Ok(reply) => refused(&reply),
            Err(error) => HINTS.unanswered(&error),
        }
    }

    /// What is posted.
    fn form(&self, message: &Message, to: &str) -> Vec<(&'static str, String)> {
        let c = &self.config;
        let mut form = vec![("To", to.to_owned())];
        match &c.messaging_service_sid {
            Some(sid) => form.push(("MessagingServiceSid", sid.clone())),
            None => form.extend(c.from.clone().map(|from| ("From", from))),
        }
        // Whatever is called back says which page it is about: no id of a message has to be kept for that.
        let callback = c.callback_url.as_deref().map(|url| match Lines::of(message).button {
            Some(reference) => format!("{url}?r={}", reference.replace(':', "%3A")),
            None => url.to_owned(),
        });
        match c.mode {
            Mode::Sms => form.push(("Body", sms(message, c.max_chars))),
            Mode::Voice => {
                form.push(("Twiml", call(message, &self.voice, callback.as_deref())));
                form.push(("Timeout", c.ring_s.to_string()));
                if callback.is_some() {
                    form.push(("StatusCallbackEvent", "completed".to_owned()));
                }
            }
        }
        form.extend(callback.map(|url| ("StatusCallback", url)));
        form
    }

    /// Looks for what may have been taken although no answer came. A message is recognised by its text, if a one-time code
    /// makes that unique; a call by being under way.
    async fn find(&self, message: &Message, form: &[(&'static str, String)]) -> Option<Value> {
        let of = |name: &str| form.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
        let query = [("To", of("To")?), ("PageSize", "20")];
        let reply = self.http.get(&self.path(self.resource()), &query).await.ok().filter(Reply::ok)?;
        let value: Value = serde_json::from_slice(&reply.body).ok()?;
        let text = |v: &Value, key: &str| v.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let found = match self.config.mode {
            Mode::Sms => {
                Lines::of(message).code?;
                let body = of("Body")?;
                value.get("messages")?.as_array()?.iter().find(|m| text(m, "body") == body)?
            }
            Mode::Voice => {
                let from = of("From")?;
                let live = |c: &&Value| {
                    ["queued", "ringing", "in-progress"].contains(&text(c, "status").as_str())
                        && text(c, "from") == from
                };
                value.get("calls")?.as_array()?.iter().find(live)?
            }
        };
        Some(json!({"sid": text(found, "sid"), "status": text(found, "status")}))
    }

    /// What [`Self::find`] gives for a message to somebody.
    #[cfg(test)]
    pub(super) async fn found(&self, message: &Message, to: &str) -> Option<Value> {
        self.find(message, &self.form(message, to)).await
    }

    fn resource(&self) -> &'static str {
        match self.config.mode {
            Mode::Sms => "/Messages",
            Mode::Voice => "/Calls",
        }
    }

    fn path(&self, resource: &str) -> String {
        format!("2010-04-01/Accounts/{}{resource}.json", self.config.account_sid)
    }

    async fn check(&self) -> Health {
        let name = self.name.clone();
        let address = self.http.address();
        let (ok, detail) = match self.http.get(&self.path(""), &[]).await {
            Ok(reply) if reply.ok() => {
                let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
                match value.get("status").and_then(Value::as_str) {
                    Some("active") => (true, "the account is active".to_owned()),
                    Some(other) => {
                        (false, format!("the account is {}: see the console", cut(other, 40, Unit::Chars)))
                    }
                    None => (false, "an answer that is no account: check url".to_owned()),
                }
            }
            Ok(reply) => match refused(&reply) {
                Outcome::Retry { reason, .. } | Outcome::Permanent { reason } => (false, reason),
                Outcome::Done { detail, .. } => (true, detail),
            },
            Err(error) => (false, error.to_string()),
        };
        Health { name, ok, detail: format!("{address}: {detail}") }
    }
}

fn taken(reply: &Reply) -> Outcome {
    let Ok(value) = serde_json::from_slice::<Value>(&reply.body) else {
        return retry(format!("Twilio: an answer that is no JSON, is url right? {}", reply.excerpt()), None);
    };
    let data = json!({"sid": value.get("sid"), "status": value.get("status")});
    Outcome::Done { detail: "Twilio took it".to_owned(), data }
}

/// A message as one text: what to do comes last and is never cut off.
fn sms(message: &Message, max_chars: usize) -> String {
    let lines = Lines::of(message);
    let mut tail = String::new();
    if let Some(code) = lines.code {
        tail.push_str(&format!("\nReply ACK {code} or ESC {code}"));
    }
    if let Some(link) = lines.ack_link.or(lines.more_link()) {
        tail.push_str(&format!("\n{link}"));
    }
    // An address that does not fit is of no use in part.
    if Unit::Chars.of(&tail) + 40 > max_chars {
        tail = lines.code.map(|c| format!("\nReply ACK {c} or ESC {c}")).unwrap_or_default();
    }
    let text = match lines.body.is_empty() {
        true => lines.title(),
        false => format!("{}\n{}", lines.title(), lines.body),
    };
    let room = max_chars.saturating_sub(Unit::Chars.of(&tail));
    let pieces = text.split_inclusive(|_| true).map(std::borrow::Cow::Borrowed);
    format!("{}{tail}", fit(pieces, room, Unit::Chars))
}

fn is_sid(text: &str, prefix: &str) -> bool {
    text.len() == 34 && text.starts_with(prefix) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// E.164.
fn is_number(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

/// Alphanumeric sender ids and short codes.
fn is_sender(text: &str) -> bool {
    (3..=11).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ')
}

impl Notifier for Twilio {
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
