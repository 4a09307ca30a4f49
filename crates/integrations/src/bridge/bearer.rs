//! An access token that lapses: kept until shortly before.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use firebell_core::ports::Health;
use firebell_core::ports::chat::Answer;
use serde_json::Value;

use crate::http::{Http, HttpError, Reply};
use crate::settings::SecretText;

/// It is asked for anew so long before it lapses.
const EARLY: Duration = Duration::from_secs(60);

/// The token of one adapter. Never printed.
#[derive(Debug, Default)]
pub(crate) struct Bearer(Mutex<Option<(SecretText, Instant)>>);

impl Bearer {
    /// The token, while it holds.
    pub(crate) fn get(&self) -> Option<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, until) = kept.as_ref()?;
        (Instant::now() < *until).then(|| token.expose().to_owned())
    }

    /// Keeps what `{"access_token", "expires_in"}` gives, and answers it.
    pub(crate) fn keep(&self, answer: &Value) -> Option<String> {
        let token = answer.get("access_token").and_then(Value::as_str).filter(|t| !t.is_empty())?.to_owned();
        let lasts = answer.get("expires_in").and_then(Value::as_u64).unwrap_or(300).min(86_400);
        let until = Instant::now() + Duration::from_secs(lasts).saturating_sub(EARLY);
        let kept = (SecretText::new(token.clone()), until);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Some(token)
    }

    /// Looks at what came of a call with it. One that was refused may have been revoked before its time: the next attempt
    /// asks for another.
    pub(crate) fn heed(&self, answer: &Result<Reply, HttpError>) {
        if matches!(answer, Ok(reply) if reply.status == 401) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

/// How whatever lives by a token is: whether it gets one.
pub(crate) fn health(name: &str, login: &Http, token: &Answer<String>) -> Health {
    let (ok, detail) = match token {
        Ok(_) => (true, format!("{} gives tokens", login.address())),
        Err(trouble) => (false, trouble.to_string()),
    };
    Health { name: name.to_owned(), ok, detail }
}
