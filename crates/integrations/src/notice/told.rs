//! What a provider's answer, or its silence, means: for the outbox (repeat or not), and for the person who set the channel
//! up (what to do next).

use firebell_core::effect::Outcome;
use firebell_core::ports::chat::Trouble;

use crate::http::{HttpError, Reply};

/// What a repetition does at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// It keeps our key: the same message is shown once.
    Safe,
    /// It keeps no key: what was taken without an answer is shown twice.
    Doubtful,
}

/// How to speak of a provider's answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hints {
    /// `Slack`.
    pub(crate) provider: &'static str,
    /// Whether a repetition is seen twice.
    pub(crate) again: Again,
    /// What to do about 401: which setting, and where a new secret comes from.
    pub(crate) revoked: &'static str,
    /// What to do about 403.
    pub(crate) forbidden: &'static str,
    /// What to do about 404 and 410.
    pub(crate) gone: &'static str,
}

/// [`Outcome::Retry`].
pub(crate) fn retry(reason: impl Into<String>, after_s: Option<u32>) -> Outcome {
    Outcome::Retry { reason: reason.into(), after_s }
}

/// What did not come off, for who opens rooms.
pub(crate) fn trouble(outcome: Outcome) -> Trouble {
    match outcome {
        Outcome::Retry { reason, after_s } => Trouble::Retry { reason, after_s },
        Outcome::Permanent { reason } => Trouble::Permanent { reason },
        Outcome::Done { detail, .. } => {
            Trouble::Permanent { reason: format!("an unexpected answer: {detail}") }
        }
    }
}

/// What was said to one message: 400, 413 and 422 are about the message alone, and the next one may be taken.
pub(crate) fn of_message(trouble: Trouble) -> Trouble {
    let its_own =
        |reason: &str| ["400", "413", "422"].iter().any(|s| reason.contains(&format!("status {s}")));
    match trouble {
        Trouble::Permanent { reason } if its_own(&reason) => Trouble::Refused { reason },
        other => other,
    }
}

impl Hints {
    /// [`Outcome::Permanent`]: what happened and what to do.
    pub(crate) fn refused(&self, what: &str, to_do: &str) -> Outcome {
        Outcome::Permanent { reason: format!("{}: {what}: {to_do}", self.provider) }
    }

    /// A call that gave no answer. What was never sent is simply repeated; anything else may have arrived.
    pub(crate) fn unanswered(&self, error: &HttpError) -> Outcome {
        match error {
            HttpError::Request(_) => Outcome::Permanent { reason: format!("{}: {error}", self.provider) },
            HttpError::Connect(_) => retry(format!("{}: {error}", self.provider), None),
            _ => retry(format!("{}: {error}{}", self.provider, self.doubt()), None),
        }
    }

    /// Whether a call may have been carried out although nobody said so.
    pub(crate) fn doubtful(&self, outcome: &Result<Reply, HttpError>) -> bool {
        match outcome {
            Ok(reply) => matches!(reply.status, 500 | 502 | 504 | 520..),
            Err(error) => !matches!(error, HttpError::Request(_) | HttpError::Connect(_)),
        }
    }

    /// An answer whose status is not 2xx; `said` is what the provider says about it, `after_s` how long it wants us to
    /// wait, where that stands in the answer and not in `Retry-After`.
    pub(crate) fn status(&self, reply: &Reply, said: &str, after_s: Option<u32>) -> Outcome {
        let wait = after_s.or(reply.retry_after_s);
        let what = match said {
            "" | "(empty)" => format!("status {}", reply.status),
            said => format!("status {}, {said}", reply.status),
        };
        match reply.status {
            429 => {
                let long = wait.map(|s| format!("; it asks to wait {s} s")).unwrap_or_default();
                retry(format!("{}: too many messages, {what}{long}", self.provider), wait)
            }
            408 | 425 | 503 => retry(format!("{}: {what}", self.provider), wait),
            500.. => retry(format!("{}: {what}{}", self.provider, self.doubt()), wait),
            401 => self.refused(&what, self.revoked),
            403 => self.refused(&what, self.forbidden),
            404 | 410 => self.refused(&what, self.gone),
            300..=399 => self.refused(&what, "it redirects elsewhere; give the final address"),
            _ => Outcome::Permanent { reason: format!("{}: {what}", self.provider) },
        }
    }

    fn doubt(&self) -> String {
        match self.again {
            Again::Safe => "; repeated under the same key, so it is shown once".to_owned(),
            Again::Doubtful => format!(
                "; it may have arrived: {} keeps no keys, so the repetition may be seen twice",
                self.provider
            ),
        }
    }
}
