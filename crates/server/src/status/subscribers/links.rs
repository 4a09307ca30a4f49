//! What is in links of mails: signatures of what they are for, so that none of it has to be kept.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

/// Signs for one installation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Links<'a>(pub(super) &'a str);

impl Links<'_> {
    /// The id of a subscriber: the same for the same address, and telling nothing of it.
    pub(super) fn id(self, way: &str, address: &str) -> String {
        format!("sub-{}", &self.sign(&["subscriber", way, address])[..24])
    }

    /// Confirms what was asked for; good until `until`.
    pub(super) fn confirm(self, id: &str, until: Timestamp) -> String {
        self.sign(&["confirm", id, &until.as_second().to_string()])
    }

    /// Ends a subscription; always good, as old mails must be.
    pub(super) fn unsubscribe(self, id: &str) -> String {
        self.sign(&["unsubscribe", id])
    }

    /// What a webhook has to answer.
    pub(super) fn challenge(self, id: &str, until: Timestamp) -> String {
        self.sign(&["challenge", id, &until.as_second().to_string()])
    }

    /// The key that posts to a webhook are signed with.
    pub(super) fn hook_key(self, id: &str) -> [u8; 32] {
        self.mac(&["webhook", id])
    }

    fn sign(self, parts: &[&str]) -> String {
        hex::encode(self.mac(parts))
    }

    fn mac(self, parts: &[&str]) -> [u8; 32] {
        // HMAC takes keys of any length; should it ever refuse one, what comes of it is good for nothing.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else { return rand::random() };
        for part in parts {
            // Lengths go before texts: nothing is signed as something else.
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

/// Whether a signature is the right one; takes the same time whatever it is.
pub(super) fn same(shown: &str, right: &str) -> bool {
    crate::auth::KeyHash::of(shown).same(&crate::auth::KeyHash::of(right)).into()
}
