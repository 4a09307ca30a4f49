//! The session cookie.

use axum::http::{HeaderMap, header};

/// Its name.
pub(crate) const COOKIE: &str = "firebell_session";

/// Its value, if the request has one.
pub(crate) fn cookie_value(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE && value.len() <= 256).then_some(value))
}
