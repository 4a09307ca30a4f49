//! Keys and tokens: kept as hashes, compared in constant time, read from the places where senders can put them.

use std::fmt;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// Longest key that is looked at.
const MAX_KEY: usize = 4096;

/// The hash of a key. Comparing hashes makes the time independent of how much of a guess is right.
#[derive(Clone)]
pub(crate) struct KeyHash([u8; 32]);

impl KeyHash {
    pub(crate) fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    pub(crate) fn same(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// The key that a request shows: `Authorization: Bearer`, the password of basic authentication, or `x-firebell-key`.
pub(crate) fn shown_key(headers: &HeaderMap) -> Option<String> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let value = value.to_str().ok().filter(|v| v.len() <= MAX_KEY)?;
        let (scheme, rest) = value.split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(rest.trim().to_owned());
        }
        if scheme.eq_ignore_ascii_case("basic") {
            let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
            return decoded.split_once(':').map(|(_, password)| password.to_owned());
        }
        return None;
    }
    let value = headers.get("x-firebell-key")?.to_str().ok()?;
    (value.len() <= MAX_KEY).then(|| value.to_owned())
}
