//! The signature: `Firebell-Signature: t=UNIX_SECONDS,v1=HEX`, where v1 is the HMAC-SHA256 of `UNIX_SECONDS.BODY`.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

/// Name of the header.
pub const SIGNATURE_HEADER: &str = "firebell-signature";

/// The header's value for a body sent at `at`.
pub fn sign(secret: &[u8], at: Timestamp, body: &[u8]) -> String {
    let t = at.as_second();
    match mac(secret, &[&t.to_string()], body) {
        Some(mac) => format!("t={t},v1={}", hex::encode(mac.finalize().into_bytes())),
        // HMAC takes keys of any length; without a signature every receiver refuses.
        None => format!("t={t}"),
    }
}

/// Whether a header is the signature of a body, made within `tolerance_s` of `now`. For receivers and tests; takes the
/// same time whatever the signature holds.
pub fn verify(secret: &[u8], header: &str, body: &[u8], now: Timestamp, tolerance_s: i64) -> bool {
    let (mut at, mut signatures) = (None, Vec::new());
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", t)) => at = Some(t),
            Some(("v1", v)) => signatures.push(v),
            _ => {}
        }
    }
    let Some(t) = at else { return false };
    let Ok(seconds) = t.parse::<i64>() else { return false };
    if (i128::from(now.as_second()) - i128::from(seconds)).abs() > i128::from(tolerance_s) {
        return false;
    }
    signatures.iter().any(|v| {
        let Ok(bytes) = hex::decode(v) else { return false };
        mac(secret, &[t], body).is_some_and(|mac| mac.verify_slice(&bytes).is_ok())
    })
}

/// HMAC-SHA256 of the parts before a body and the body, with a dot after each part.
pub(super) fn mac(secret: &[u8], before: &[&str], body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    for part in before {
        mac.update(part.as_bytes());
        mac.update(b".");
    }
    mac.update(body);
    Some(mac)
}
