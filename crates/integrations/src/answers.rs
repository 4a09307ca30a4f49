//! From an HTTP reply to a query's result or an effect's outcome: the reading of statuses that the adapters share.

use firebell_core::effect::Outcome;
use firebell_core::ports::telemetry::QueryError;
use serde_json::Value;

use crate::http::{HttpError, Reply, excerpt};

/// [`QueryError::Unreachable`].
pub(crate) fn unreachable(name: &str, detail: impl Into<String>) -> QueryError {
    QueryError::Unreachable { source_name: name.to_owned(), detail: detail.into() }
}

/// [`QueryError::Refused`].
pub(crate) fn refused(name: &str, detail: impl Into<String>) -> QueryError {
    QueryError::Refused { source_name: name.to_owned(), detail: detail.into() }
}

/// [`QueryError::Malformed`].
pub(crate) fn malformed(name: &str, detail: impl Into<String>) -> QueryError {
    QueryError::Malformed { source_name: name.to_owned(), detail: detail.into() }
}

/// A call that gave no answer.
pub(crate) fn no_answer(name: &str, address: &str, error: &HttpError) -> QueryError {
    match error {
        HttpError::TooLarge(_) => refused(name, error.to_string()),
        _ => unreachable(name, format!("{address}: {error}")),
    }
}

/// The reply if its status is 2xx.
///
/// # Errors
/// By status: what to do next is said where it is known.
pub(crate) fn success(name: &str, reply: Reply) -> Result<Reply, QueryError> {
    let said = || error_text(&reply);
    match reply.status {
        200..=299 => Ok(reply),
        300..=399 => Err(refused(
            name,
            format!("status {}: it redirects elsewhere; give the final address as url", reply.status),
        )),
        401 => Err(refused(
            name,
            format!("status 401: check bearer_token, or username and password: {}", said()),
        )),
        403 => Err(refused(name, format!("status 403: the account may not read this: {}", said()))),
        404 => Err(refused(name, format!("status 404: check the path of url: {}", said()))),
        429 => Err(QueryError::Busy {
            source_name: name.to_owned(),
            detail: format!("status 429: too many calls; lower max_concurrent: {}", said()),
            after_s: reply.retry_after_s,
        }),
        status @ 500..=599 => Err(unreachable(name, format!("status {status}: {}", said()))),
        status => Err(refused(name, format!("status {status}: {}", said()))),
    }
}

/// What an error answer says, wherever it says it.
pub(crate) fn error_text(reply: &Reply) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(&reply.body) else { return reply.excerpt() };
    let found = ["/error", "/message", "/errors/0/msg", "/errors/0/message", "/error/message"]
        .iter()
        .find_map(|p| value.pointer(p).and_then(Value::as_str));
    let field = value.get("field").and_then(Value::as_str).map(|f| format!("{}: ", excerpt(f)));
    match found {
        Some(text) => format!("{}{}", field.unwrap_or_default(), excerpt(text)),
        None => reply.excerpt(),
    }
}

/// What a call that changes something may mean when it did not succeed: `None` for 2xx.
pub(crate) fn outcome(reply: &Reply) -> Option<Outcome> {
    let reason = |hint: &str| format!("status {}{hint}: {}", reply.status, error_text(reply));
    match reply.status {
        200..=299 => None,
        408 | 425 | 429 => Some(Outcome::Retry { reason: reason(""), after_s: reply.retry_after_s }),
        401 | 403 => Some(Outcome::Permanent { reason: reason(", check the credentials") }),
        300..=399 => {
            Some(Outcome::Permanent { reason: reason(", it redirects: give the final address as url") })
        }
        500.. => Some(Outcome::Retry { reason: reason(""), after_s: reply.retry_after_s }),
        _ => Some(Outcome::Permanent { reason: reason("") }),
    }
}

/// What a call that changes something means when there was no answer: it may have been done, so it is repeated
/// under the same key.
pub(crate) fn unanswered(error: &HttpError) -> Outcome {
    match error {
        HttpError::Request(_) => Outcome::Permanent { reason: error.to_string() },
        _ => Outcome::Retry { reason: error.to_string(), after_s: None },
    }
}
