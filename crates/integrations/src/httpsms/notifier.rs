//! The notifier port over a configured HTTP call.

use std::collections::BTreeMap;

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier};
use firebell_core::ports::{BoxFuture, Health};
use serde_json::{Value, json};

use super::config::Config;
use super::template::{Body, NAMES, Template};
use crate::answers::error_text;
use crate::http::{Http, Method, Redirects, Reply, excerpt};
use crate::notice::text::{Unit, cut};
use crate::notice::{Again, Hints, Lines, Once, recipients, to_each};
use crate::settings::{ConfigError, SecretText, adapter_name};

const HINTS: Hints = Hints {
    provider: "the gateway",
    again: Again::Doubtful,
    revoked: "check its secrets: `bearer_token`, `username` and `password`, `headers` or `secrets`",
    forbidden: "the account may not do this: check its secrets and its rights at the provider",
    gone: "check the path of `url`",
};

/// A configured provider.
pub struct HttpSms {
    name: String,
    http: Http,
    method: Method,
    query: Vec<(String, Template)>,
    body: Option<Body>,
    secrets: BTreeMap<String, SecretText>,
    hints: Hints,
    config: Config,
    once: Once,
}

impl HttpSms {
    /// Builds the notifier; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("httpsms", &config.name)?;
        let bad = |field: &str, why: String| ConfigError::new(&name, field, why);
        let method = match config.method.as_str() {
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "GET" => Method::GET,
            other => return Err(bad("method", format!("{other:?} is not one of POST, PUT, GET"))),
        };
        let mut secrets = BTreeMap::new();
        for (key, secret) in &config.secrets {
            secrets.insert(format!("secret.{key}"), secret.resolve(&name, &format!("secrets.{key}"))?);
        }
        let known = |n: &str| NAMES.contains(&n) || secrets.contains_key(n);
        let mut query = Vec::new();
        for (key, text) in &config.query {
            let template = Template::read(text, &known).map_err(|why| bad(&format!("query.{key}"), why))?;
            query.push((key.clone(), template));
        }
        let body = match (method == Method::GET, config.body.is_empty()) {
            (true, false) => return Err(bad("body", "GET has none: use query, or POST".into())),
            (_, true) => None,
            (false, false) => {
                Some(Body::read(config.format, &config.body, &known).map_err(|why| bad("body", why))?)
            }
        };
        let has = |n: &str| query.iter().any(|(_, t)| t.has(n)) || body.as_ref().is_some_and(|b| b.has(n));
        for (names, what) in [(["to", "to_digits"], "{to} or {to_digits}"), (["text", "text"], "{text}")] {
            if !names.iter().any(|n| has(n)) {
                return Err(bad("body", format!("holds no {what}, and query neither")));
            }
        }
        if config.idempotent && !has("key") {
            return Err(bad("idempotent", "needs {key} in query or body".into()));
        }
        if config.success_value.is_some() && config.success_pointer.is_none() {
            return Err(bad("success_value", "needs success_pointer, the place that holds it".into()));
        }
        for (field, pointer) in
            [("success_pointer", &config.success_pointer), ("id_pointer", &config.id_pointer)]
        {
            if pointer.as_ref().is_some_and(|p| !p.starts_with('/')) {
                return Err(bad(field, "must be a place like /messages/0/status".into()));
            }
        }
        if config.success_status.iter().any(|s| !(200..300).contains(s)) {
            return Err(bad("success_status", "must hold statuses from 200 to 299".into()));
        }
        if !(70..=5000).contains(&config.max_chars) {
            return Err(bad("max_chars", "must be 70 to 5000".into()));
        }
        if let Some(wrong) = config.to.iter().find(|t| !is_number(t)) {
            return Err(bad("to", format!("{wrong:?} is no number like +4915112345678")));
        }
        let again = if config.idempotent { Again::Safe } else { Again::Doubtful };
        let http = Http::new(&name, &config.connection(), Redirects::None)?;
        let hints = Hints { again, ..HINTS };
        Ok(Self {
            name,
            http,
            method,
            query,
            body,
            secrets,
            hints,
            config: config.clone(),
            once: Once::default(),
        })
    }

    async fn deliver(&self, message: &Message) -> Outcome {
        let to = match recipients(message, &self.config.to, is_number, "+4915112345678") {
            Ok(to) => to,
            Err(reason) => return Outcome::Permanent { reason: format!("{}: {reason}", self.name) },
        };
        to_each(&self.once, &message.key, &self.name, &to, |number| self.one(message, number)).await
    }

    async fn one(&self, message: &Message, to: &str) -> Outcome {
        let values = self.values(message, to);
        let query: Vec<(&str, String)> =
            self.query.iter().map(|(n, t)| (n.as_str(), t.fill(&values, str::to_owned))).collect();
        let query: Vec<(&str, &str)> = query.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let mut headers = vec![];
        if let Some(body) = &self.body {
            headers.push(("content-type", body.content_type()));
        }
        let body = self.body.as_ref().map(|b| b.fill(&values)).unwrap_or_default();
        match self.http.call(self.method.clone(), "", &query, &headers, body).await {
            Ok(reply) if reply.ok() => self.judge(&reply),
            Ok(reply) => self.hints.status(&reply, &self.said(&reply), None),
            Err(error) => self.hints.unanswered(&error),
        }
    }

    /// Whether a 2xx means what it says.
    fn judge(&self, reply: &Reply) -> Outcome {
        let c = &self.config;
        let refuse = |why: String| {
            self.hints
                .refused(&format!("status {}, {why}", reply.status), &format!("it said {}", self.said(reply)))
        };
        if !c.success_status.is_empty() && !c.success_status.contains(&reply.status) {
            return refuse("which success_status does not hold".into());
        }
        if let Some(text) = &c.success_text
            && !String::from_utf8_lossy(&reply.body).contains(text)
        {
            return refuse("without what success_text asks for".into());
        }
        let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
        let at = |pointer: &String| value.pointer(pointer).filter(|v| !v.is_null()).map(plain);
        if let Some(pointer) = &c.success_pointer {
            match (at(pointer), &c.success_value) {
                (None, _) => return refuse(format!("and no {pointer} in the answer")),
                (Some(found), Some(wanted)) if found != *wanted => {
                    return refuse(format!("{pointer} is {}", excerpt(&found)));
                }
                _ => {}
            }
        }
        let id = c.id_pointer.as_ref().and_then(at).map(|id| cut(&id, 200, Unit::Chars));
        Outcome::Done { detail: format!("{} took it", self.name), data: json!({"id": id}) }
    }

    /// What an answer says, without secrets that it may repeat.
    fn said(&self, reply: &Reply) -> String {
        let mut text = error_text(reply);
        for secret in self.secrets.values().filter(|s| s.expose().len() >= 4) {
            text = text.replace(secret.expose(), "***");
        }
        text
    }

    fn values(&self, message: &Message, to: &str) -> BTreeMap<String, String> {
        let lines = Lines::of(message);
        let link = lines.ack_link.or(lines.link).unwrap_or_default();
        let mut out: BTreeMap<String, String> =
            self.secrets.iter().map(|(n, s)| (n.clone(), s.expose().to_owned())).collect();
        for (name, value) in [
            ("to", to.to_owned()),
            ("to_digits", to.trim_start_matches('+').to_owned()),
            ("text", self.text(&lines)),
            ("subject", lines.title()),
            ("key", format!("{}:{to}", message.key)),
            ("incident", message.incident.clone()),
            ("link", link.to_owned()),
            ("code", lines.code.unwrap_or_default().to_owned()),
        ] {
            out.insert(name.to_owned(), value);
        }
        out
    }

    /// Subject, text, and what to do, which is never cut off.
    fn text(&self, lines: &Lines<'_>) -> String {
        let link = lines.ack_link.or(lines.more_link()).map(|l| format!("\n{l}")).unwrap_or_default();
        // An address that does not fit is of no use in part.
        let tail = if Unit::Chars.of(&link) + 40 > self.config.max_chars { String::new() } else { link };
        let room = self.config.max_chars.saturating_sub(Unit::Chars.of(&tail));
        let body = format!("{}\n{}", lines.title(), lines.body);
        format!("{}{tail}", cut(body.trim(), room, Unit::Chars))
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `+4915112345678`.
fn is_number(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

impl Notifier for HttpSms {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        let detail = format!("{} is not asked: every call would send something", self.http.address());
        Box::pin(async move { Health { name: self.name.clone(), ok: true, detail } })
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Outcome> {
        Box::pin(self.deliver(message))
    }
}
