//! Signatures and shared secrets, compared in the same time whatever they hold.

use jiff::Timestamp;
use ring::hmac;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Whether two secrets are the same; tells nothing of their length either.
pub(crate) fn equal(a: &str, b: &str) -> bool {
    Sha256::digest(a.as_bytes()).ct_eq(&Sha256::digest(b.as_bytes())).into()
}

/// Whether `tag` is the HMAC-SHA256 of the parts.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    verified(hmac::HMAC_SHA256, key, parts, tag)
}

/// Whether `tag` is the HMAC-SHA1 of the parts. As a MAC it is still sound, and Twilio offers nothing else.
pub(crate) fn hmac_sha1(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    verified(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key, parts, tag)
}

fn verified(algorithm: hmac::Algorithm, key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    let key = hmac::Key::new(algorithm, key);
    let mut context = hmac::Context::with_key(&key);
    parts.iter().for_each(|p| context.update(p));
    context.sign().as_ref().ct_eq(tag).into()
}

/// The HMAC-SHA256 of the parts, with a zero byte after each, as 32 hexadecimal digits: for what we hand out and get back.
pub(crate) fn signed(key: &str, parts: &[&str]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(part.as_bytes());
        context.update(&[0]);
    }
    hex::encode(&context.sign().as_ref()[..16])
}

/// The HMAC-SHA256 of a body in Base64: Microsoft Teams.
#[cfg(test)]
pub(crate) fn base64_hmac_sha256(key: &[u8], body: &[u8]) -> String {
    use base64::Engine as _;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    base64::engine::general_purpose::STANDARD.encode(hmac::sign(&key, body).as_ref())
}

/// Whether unix seconds are within `tolerance_s` of `now`.
pub(crate) fn fresh(seconds: &str, now: Timestamp, tolerance_s: i64) -> bool {
    let Ok(at) = seconds.parse::<i64>() else { return false };
    (i128::from(now.as_second()) - i128::from(at)).abs() <= i128::from(tolerance_s)
}
