//! The headers that tell a caller how much is left: `RateLimit-Limit`, `-Remaining`, `-Reset` and `RateLimit-Policy`, as
//! most clients read them (the IETF draft up to its seventh version).

use axum::http::{HeaderMap, HeaderValue};

use crate::limits::Taken;

/// Tells it.
pub(super) fn tell(headers: &mut HeaderMap, taken: &Taken) {
    headers.insert("ratelimit-limit", HeaderValue::from(taken.limit));
    headers.insert("ratelimit-remaining", HeaderValue::from(taken.remaining));
    headers.insert("ratelimit-reset", HeaderValue::from(taken.reset_s));
    if let Ok(policy) = HeaderValue::from_str(&format!("{};w=60", taken.limit)) {
        headers.insert("ratelimit-policy", policy);
    }
}
