//! The session cookie, and the one that binds a sign-in at the company's provider to the browser that began it.

use axum::http::{HeaderMap, header};

/// Name of the session cookie.
pub(crate) const COOKIE: &str = "firebell_session";
/// Name of the other.
pub(crate) const OIDC_COOKIE: &str = "firebell_oidc";

/// The session cookie's value, if the request has one.
pub(crate) fn cookie_value(headers: &HeaderMap) -> Option<&str> {
    cookie_of(headers, COOKIE)
}

/// A cookie's value, if the request has it.
pub(crate) fn cookie_of<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == wanted && value.len() <= 256).then_some(value))
}
