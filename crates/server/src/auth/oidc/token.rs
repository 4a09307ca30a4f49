//! What an ID token must say to be believed (OpenID Connect Core 3.1.3.7). Pure: the time comes in as data.

use jiff::Timestamp;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::signature::{Keys, Unsigned};

/// Clocks of the provider and of this machine may differ by so many seconds.
const SKEW_S: f64 = 120.0;

/// What it must be about.
#[derive(Debug, Clone)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    /// When the sign-in began.
    pub(super) begun: Timestamp,
    pub(super) now: Timestamp,
}

/// Why an ID token is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// Its signature.
    #[error(transparent)]
    Unsigned(#[from] Unsigned),
    /// A claim is missing or has another value.
    #[error("its claim {0} {1}")]
    Claim(&'static str, &'static str),
}

/// The claims of an ID token that is by the provider, for Firebell, for this sign-in, and of now.
pub(super) fn check(
    token: &str,
    keys: &Keys,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, Refused> {
    let claims = keys.open(token)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let must = |holds: bool, claim: &'static str, why: &'static str| {
        if holds { Ok(()) } else { Err(Refused::Claim(claim, why)) }
    };
    must(text("iss") == Some(expected.issuer), "iss", "is another provider's")?;
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    must(audience.contains(&expected.client_id), "aud", "names another client")?;
    if audience.len() > 1 || claims.contains_key("azp") {
        must(text("azp") == Some(expected.client_id), "azp", "names another client")?;
    }
    let now = seconds(expected.now);
    let time = |name: &str| claims.get(name).and_then(Value::as_f64).filter(|t| t.is_finite());
    let ends = time("exp").ok_or(Refused::Claim("exp", "is missing"))?;
    must(now < ends + SKEW_S, "exp", "is past: it has ended")?;
    let issued = time("iat").ok_or(Refused::Claim("iat", "is missing"))?;
    must(issued <= now + SKEW_S, "iat", "is in the future: compare the clocks of both machines")?;
    must(issued >= seconds(expected.begun) - SKEW_S, "iat", "is before the sign-in began")?;
    if claims.contains_key("nbf") {
        must(time("nbf").is_some_and(|from| from <= now + SKEW_S), "nbf", "is in the future")?;
    }
    let nonce = text("nonce").unwrap_or_default();
    must(bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())), "nonce", "is of another sign-in")?;
    let subject = text("sub").unwrap_or_default();
    must(!subject.is_empty() && subject.len() <= 255, "sub", "is missing or too long")?;
    Ok(claims)
}

fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
