//! The notifier port over `PUT …/send/m.room.message/{txnId}`:
//! <https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid>. The transaction id
//! follows from the message's key, so a repetition is the same event.

use std::sync::OnceLock;

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier, Urgency};
use firebell_core::ports::{BoxFuture, Health};
use serde_json::{Value, json};

use super::config::Config;
use super::direct::is_user;
use super::inbound::{Synced, parse_sync};
use crate::http::{Http, HttpError, Method, Redirects, Reply, excerpt};
use crate::notice::text::{Unit, all, cut, fit, marked_up};
use crate::notice::{Again, Hints, Lines, Once, digest, recipients, retry, to_each};
use crate::replies::{Heard, Listener, at, written};
use crate::settings::{ConfigError, adapter_name};

/// The plain text, bytes, and the HTML, bytes: an event has at most 65,536.
const PLAIN: usize = 12 << 10;
const HTML: usize = 24 << 10;

const HINTS: Hints = Hints {
    provider: "Matrix",
    again: Again::Safe,
    revoked: "the access token was revoked: sign in anew and set `token`",
    forbidden: "the account may not write there: invite it to the room and let it join, or correct `to`",
    gone: "there is no such room or homeserver: check `to` and `url`",
};

/// A configured account.
pub struct Matrix {
    name: String,
    pub(super) http: Http,
    to: Vec<String>,
    mention_room: bool,
    once: Once,
    me: OnceLock<String>,
    /// News are waited for at most so long, well within the time for one call.
    longest_wait_ms: u32,
    /// Held while a room with one person is made.
    pub(super) making: tokio::sync::Mutex<()>,
}

impl Matrix {
    /// Builds the notifier; calls nothing.
    ///
    /// # Errors
    /// Names the field that cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let name = adapter_name("matrix", &config.name)?;
        if let Some(wrong) = config.to.iter().find(|t| !is_address(t)) {
            let why = format!(
                "{wrong:?} is no id of a room like !abc:example.com, as in its advanced settings, and no account"
            );
            return Err(ConfigError::new(&name, "to", why));
        }
        let http = Http::new(&name, &config.connection(), Redirects::None)?;
        Ok(Self {
            name,
            http,
            to: config.to.clone(),
            mention_room: config.mention_room,
            once: Once::default(),
            me: OnceLock::new(),
            longest_wait_ms: (config.timeout_s * 600.0) as u32,
            making: tokio::sync::Mutex::default(),
        })
    }

    async fn deliver(&self, message: &Message) -> Outcome {
        let to = match recipients(message, &self.to, is_address, "!abc:example.com or @ana:example.com") {
            Ok(to) => to,
            Err(reason) => return Outcome::Permanent { reason: format!("{}: {reason}", self.name) },
        };
        to_each(&self.once, &message.key, "Matrix", &to, |to| self.bring(message, to)).await
    }

    /// To a room, or to a person in the room with them.
    async fn bring(&self, message: &Message, to: &str) -> Outcome {
        if !is_user(to) {
            return self.put(message, to).await;
        }
        let room = match self.direct(to, None).await {
            Ok(room) => room,
            Err(outcome) => return outcome,
        };
        match self.put(message, &room).await {
            // The account was put out of it.
            Outcome::Permanent { reason } if reason.contains("M_FORBIDDEN") => {
                match self.direct(to, Some(&room)).await {
                    Ok(another) => self.put(message, &another).await,
                    Err(outcome) => outcome,
                }
            }
            outcome => outcome,
        }
    }

    async fn put(&self, message: &Message, room: &str) -> Outcome {
        let (room, txn) = (encode(room), digest(&message.key));
        let path = format!("_matrix/client/v3/rooms/{room}/send/m.room.message/{txn}");
        let body = content(message, self.mention_room).to_string().into_bytes();
        let headers = [("content-type", "application/json")];
        read(&self.http.call(Method::PUT, &path, &[], &headers, body).await)
    }

    /// What was said in the account's rooms since `since`; waits for news up to `wait_ms`, which must be below the
    /// configured time limit. Start with none, keep what comes back, and act once on each answer's id.
    ///
    /// # Errors
    /// A sentence: what happened and what to do.
    pub async fn sync(&self, since: Option<&str>, me: &str, wait_ms: u32) -> Result<Synced, String> {
        let wait = wait_ms.to_string();
        let filter = json!({"room": {"timeline": {"limit": 100}, "state": {"lazy_load_members": true}},
            "presence": {"types": []}, "account_data": {"types": []}})
        .to_string();
        let mut query = vec![("timeout", wait.as_str()), ("filter", filter.as_str())];
        query.extend(since.map(|s| ("since", s)));
        let reply =
            self.http.get("_matrix/client/v3/sync", &query).await.map_err(|e| format!("Matrix: {e}"))?;
        if !reply.ok() {
            return Err(why(read(&Ok(reply))));
        }
        parse_sync(&reply.body, me).map_err(|e| format!("Matrix: {e}"))
    }

    /// The account itself, asked for once.
    pub(super) async fn me(&self) -> Result<String, Outcome> {
        if let Some(me) = self.me.get() {
            return Ok(me.clone());
        }
        let answer = self.http.get("_matrix/client/v3/account/whoami", &[]).await;
        let user = match &answer {
            Ok(reply) if reply.ok() => {
                let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
                value.get("user_id").and_then(Value::as_str).map(str::to_owned)
            }
            _ => None,
        };
        let Some(user) = user else {
            return Err(read(&answer));
        };
        Ok(self.me.get_or_init(|| user).clone())
    }

    async fn hear(&self, since: Option<&str>, wait_ms: u32) -> Result<Heard, String> {
        let me = self.me().await.map_err(why)?;
        let synced = self.sync(since, &me, wait_ms.min(self.longest_wait_ms)).await?;
        let notice = |what: &str, rooms: Vec<String>| {
            rooms.into_iter().map(|room| format!("{what} {}", excerpt(&room))).collect::<Vec<_>>()
        };
        let mut notices =
            notice("invited: let the account join, if it should be there, into", synced.invited);
        notices.extend(notice("the account is in this room no more:", synced.left));
        notices.extend(notice("more was said than was told: read on in", synced.gaps));
        Ok(Heard { next: synced.next, answers: synced.answers, notices })
    }

    async fn check(&self) -> Health {
        let name = self.name.clone();
        let answer = self.http.get("_matrix/client/v3/account/whoami", &[]).await;
        let (ok, detail) = match &answer {
            Ok(reply) if reply.ok() => {
                let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
                match value.get("user_id").and_then(Value::as_str) {
                    Some(user) => (true, format!("answers to {}", excerpt(user))),
                    None => (false, "an answer that is no homeserver's: check url".to_owned()),
                }
            }
            answer => match read(answer) {
                Outcome::Retry { reason, .. } | Outcome::Permanent { reason } => (false, reason),
                Outcome::Done { detail, .. } => (true, detail),
            },
        };
        Health { name, ok, detail: format!("{}: {detail}", self.http.address()) }
    }
}

/// What is sent: plain text, and the same as HTML in which outside text is no tag.
fn content(message: &Message, mention_room: bool) -> Value {
    let lines = Lines::of(message);
    let title = cut(&lines.title(), 500, Unit::Chars);
    let mut tail = Vec::new();
    tail.extend(lines.code.map(|c| format!("Write !ack {c} to acknowledge, !esc {c} to escalate.")));
    tail.extend(written(&message.controls, "!"));
    let links = [("Acknowledge", lines.ack_link), ("Open the incident", lines.link)];
    let links: Vec<(&str, &str)> = links.into_iter().filter_map(|(t, l)| Some((t, l?))).collect();
    let mut plain = format!("{title}\n\n{}", cut(&lines.body, PLAIN, Unit::Bytes)).trim().to_owned();
    let mut html = format!("<p><strong>{}</strong></p>", all(marked_up(&title)));
    let body = fit(marked_up(&lines.body), HTML, Unit::Bytes);
    for paragraph in body.split("\n\n").filter(|p| !p.trim().is_empty()) {
        html.push_str(&format!("<p>{}</p>", paragraph.trim().replace('\n', "<br>")));
    }
    for line in &tail {
        plain.push_str(&format!("\n{line}"));
        html.push_str(&format!("<p>{}</p>", all(marked_up(line))));
    }
    for (text, link) in &links {
        plain.push_str(&format!("\n{text}: {link}"));
    }
    if !links.is_empty() {
        let shown: Vec<String> =
            links.iter().map(|(t, l)| format!("<a href=\"{}\">{t}</a>", all(marked_up(l)))).collect();
        html.push_str(&format!("<p>{}</p>", shown.join(" · ")));
    }
    // Notices ring nowhere. With an empty list nothing in the text mentions anybody.
    let kind = if message.urgency == Urgency::Low { "m.notice" } else { "m.text" };
    let mentions =
        if mention_room && message.urgency == Urgency::High { json!({"room": true}) } else { json!({}) };
    json!({
        "msgtype": kind,
        "body": plain,
        "format": "org.matrix.custom.html",
        "formatted_body": html,
        "m.mentions": mentions,
        "org.firebell.incident": message.incident,
    })
}

fn why(outcome: Outcome) -> String {
    match outcome {
        Outcome::Retry { reason, .. } | Outcome::Permanent { reason } => reason,
        Outcome::Done { detail, .. } => detail,
    }
}

/// The homeserver's word for what went wrong, and what it means.
pub(super) type Refusal = (String, Outcome);

/// Asks the client API; `path` is below its version.
pub(super) async fn ask(
    http: &Http,
    method: Method,
    path: &str,
    query: &[(&str, &str)],
    body: Option<Value>,
) -> Result<Value, Refusal> {
    let path = format!("_matrix/client/v3/{path}");
    let body = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
    match http.call(method, &path, query, &[("content-type", "application/json")], body).await {
        Ok(reply) if reply.ok() => Ok(serde_json::from_slice(&reply.body).unwrap_or(Value::Null)),
        answer => Err(refusal(&answer)),
    }
}

pub(super) fn refusal(answer: &Result<Reply, HttpError>) -> Refusal {
    let body = answer.as_ref().map(|r| r.body.as_slice()).unwrap_or_default();
    let value: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    (at(&value, "/errcode").to_owned(), read(answer))
}

pub(super) fn read(answer: &Result<Reply, HttpError>) -> Outcome {
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) => return HINTS.unanswered(error),
    };
    let value: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    if reply.ok() {
        return match value.get("event_id") {
            Some(id) => Outcome::Done { detail: "Matrix took it".to_owned(), data: json!({"event_id": id}) },
            None => {
                let said = reply.excerpt();
                retry(format!("Matrix: an answer that is no homeserver's, is url right? {said}"), None)
            }
        };
    }
    let code = value.get("errcode").and_then(Value::as_str).unwrap_or_default();
    let said = match value.get("error").and_then(Value::as_str) {
        Some(text) => format!("{} {}", excerpt(code), excerpt(text)),
        None => reply.excerpt(),
    };
    // Older servers say it in the body.
    let wait = value
        .get("retry_after_ms")
        .and_then(Value::as_u64)
        .map(|ms| u32::try_from(ms.div_ceil(1000).min(86_400)).unwrap_or(86_400));
    if code == "M_USER_DEACTIVATED" {
        return HINTS.refused(&said, "the account was deactivated: make another one and set `token`");
    }
    HINTS.status(reply, &said, reply.retry_after_s.or(wait))
}

/// `!abc:example.com`; rooms of newer versions have no server in their name.
pub(super) fn is_room(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !"/?#%\"<>".contains(c);
    text.starts_with('!') && (2..=255).contains(&text.len()) && text.chars().all(plain)
}

/// A room or a person.
fn is_address(text: &str) -> bool {
    is_room(text) || is_user(text)
}

/// For one step of a path.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(b)),
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

impl Listener for Matrix {
    fn name(&self) -> &str {
        &self.name
    }

    fn listen<'a>(&'a self, since: Option<&'a str>, wait_ms: u32) -> BoxFuture<'a, Result<Heard, String>> {
        Box::pin(self.hear(since, wait_ms))
    }
}

impl Notifier for Matrix {
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
