//! Web Push: messages for browsers, encrypted for them alone (RFC 8291 over RFC 8188), and who sends them (VAPID,
//! RFC 8292). What is sent goes to the browser maker's push service, which can read neither.

mod encrypt;
mod vapid;

pub use encrypt::{SubscriberKeys, encrypt};
pub use vapid::Vapid;

/// What is wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(pub(crate) &'static str);

/// Base64 as browsers and specifications write it: for addresses, with or without padding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let plain = text.trim().trim_end_matches('=').replace('+', "-").replace('/', "_");
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(plain).ok()
}

/// The same the other way.
pub(crate) fn encode(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
