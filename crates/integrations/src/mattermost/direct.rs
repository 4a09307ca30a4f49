//! Channels with one person: `POST /api/v4/channels/direct`, which gives the same channel for ever. Contacts are people's
//! names or ids; an id may be a channel's too.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use firebell_core::effect::Outcome;
use serde_json::{Value, json};

use super::notifier::{HINTS, is_id};
use crate::answers::error_text;
use crate::http::{Http, Method};
use crate::notice::retry;
use crate::replies::at;

/// Whose channel is which, as far as it was asked for.
#[derive(Debug, Default)]
pub(super) struct Direct {
    me: Mutex<Option<String>>,
    channels: Mutex<BTreeMap<String, String>>,
}

/// `@ana`, or `ana`: <https://docs.mattermost.com/configure/site-configuration-settings.html>.
pub(super) fn is_user(text: &str) -> bool {
    let name = text.strip_prefix('@').unwrap_or(text);
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    (1..=64).contains(&name.len())
        && name.bytes().all(plain)
        && name.bytes().any(|b| b.is_ascii_alphanumeric())
}

impl Direct {
    /// The channel to post to for a name or an id.
    ///
    /// # Errors
    /// What the server's answer means.
    pub(super) async fn channel(&self, http: &Http, to: &str) -> Result<String, Outcome> {
        let known = self.channels.lock().unwrap_or_else(PoisonError::into_inner).get(to).cloned();
        if let Some(channel) = known {
            return Ok(channel);
        }
        let channel = self.ask(http, to).await?;
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.insert(to.to_owned(), channel.clone());
        Ok(channel)
    }

    async fn ask(&self, http: &Http, to: &str) -> Result<String, Outcome> {
        let path = match is_id(to) {
            true => format!("users/{to}"),
            false => format!("users/username/{}", to.trim_start_matches('@')),
        };
        let user = match call(http, Method::GET, &path, None).await {
            Ok(user) => user,
            Err((_, outcome @ Outcome::Retry { .. })) => return Err(outcome),
            // No person: a channel's own id.
            Err((404, _)) if is_id(to) => return Ok(to.to_owned()),
            Err((404, _)) => {
                let reason = format!("Mattermost: nobody there is called {to}: correct the person's contact");
                return Err(Outcome::Permanent { reason });
            }
            Err((_, outcome)) => return Err(outcome),
        };
        if user.get("delete_at").and_then(Value::as_i64).unwrap_or(0) > 0 {
            let reason =
                format!("Mattermost: the account of {to} was deactivated: correct the person's contact");
            return Err(Outcome::Permanent { reason });
        }
        let me = self.me(http).await?;
        let both = json!([me, at(&user, "/id")]);
        let channel =
            call(http, Method::POST, "channels/direct", Some(&both)).await.map_err(|(_, outcome)| outcome)?;
        match at(&channel, "/id") {
            id if is_id(id) => Ok(id.to_owned()),
            _ => Err(retry("Mattermost: a channel without an id, is url right?", None)),
        }
    }

    async fn me(&self, http: &Http) -> Result<String, Outcome> {
        let known = self.me.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(me) = known {
            return Ok(me);
        }
        let user = call(http, Method::GET, "users/me", None).await.map_err(|(_, outcome)| outcome)?;
        let me = at(&user, "/id").to_owned();
        *self.me.lock().unwrap_or_else(PoisonError::into_inner) = Some(me.clone());
        Ok(me)
    }
}

/// What the server says, or its status and what that means.
async fn call(
    http: &Http,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Value, (u16, Outcome)> {
    let body = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
    let path = format!("api/v4/{path}");
    match http.call(method, &path, &[], &[("content-type", "application/json")], body).await {
        Ok(reply) if reply.ok() => Ok(serde_json::from_slice(&reply.body).unwrap_or(Value::Null)),
        Ok(reply) => Err((reply.status, HINTS.status(&reply, &error_text(&reply), None))),
        Err(error) => Err((0, HINTS.unanswered(&error))),
    }
}
