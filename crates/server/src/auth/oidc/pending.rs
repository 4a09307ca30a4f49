//! Sign-ins under way: what was sent along to the provider, kept here until the browser that began comes back with it.
//! Each is good once, for ten minutes, in that browser.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A sign-in takes at most so long.
pub(crate) const LIFE: SignedDuration = SignedDuration::from_mins(10);
/// Sign-ins under way; beyond it the one that began first goes.
const MOST: usize = 10_000;

/// A sign-in that has begun.
#[derive(Debug, Clone)]
pub(super) struct Begun {
    /// Comes back inside the ID token.
    pub(super) nonce: String,
    /// Proves to the provider that who exchanges the code is who asked for it (PKCE).
    pub(super) verifier: String,
    /// Where the person wanted to go.
    pub(super) next: String,
    /// When.
    pub(super) at: Timestamp,
    /// Hash of the browser's cookie.
    browser: [u8; 32],
}

impl Begun {
    /// What the provider hears of the verifier before it sees it.
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }
}

/// All under way, by the hash of their state.
#[derive(Debug, Default)]
pub(super) struct Pending(Mutex<BTreeMap<[u8; 32], Begun>>);

impl Pending {
    /// Begins one in the browser whose cookie that is; answers the state to send along.
    pub(super) fn begin(&self, browser: &str, next: &str, now: Timestamp) -> (String, Begun) {
        let state = word();
        let begun =
            Begun { nonce: word(), verifier: word(), next: next.to_owned(), at: now, browser: hash(browser) };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.retain(|_, b| is_fresh(b, now));
        }
        if all.len() >= MOST
            && let Some(first) = all.iter().min_by_key(|(_, b)| b.at).map(|(key, _)| *key)
        {
            all.remove(&first);
        }
        all.insert(hash(&state), begun.clone());
        (state, begun)
    }

    /// Takes the one of that state, if it is this browser's. Whatever comes of it, the state is used up.
    pub(super) fn take(&self, state: &str, browser: &str, now: Timestamp) -> Option<Begun> {
        // Found by the hash of a random secret: what the time of the search tells is of no use.
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash(state))?;
        let same = bool::from(begun.browser.ct_eq(&hash(browser)));
        (same && is_fresh(&begun, now)).then_some(begun)
    }
}

fn is_fresh(begun: &Begun, now: Timestamp) -> bool {
    now.duration_since(begun.at) <= LIFE
}

/// 256 random bits in 43 characters, as PKCE wants them.
fn word() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).expect("a time")
    }

    #[test]
    fn a_state_is_good_once_for_ten_minutes_in_its_browser() {
        let pending = Pending::default();
        let (state, begun) = pending.begin("browser", "/next", at(0));
        assert!(pending.take("another state", "browser", at(1)).is_none());
        let taken = pending.take(&state, "browser", at(600)).expect("it is there");
        assert_eq!((taken.next.as_str(), &taken.nonce), ("/next", &begun.nonce));
        assert!(pending.take(&state, "browser", at(1)).is_none(), "used up");

        let (state, _) = pending.begin("browser", "/", at(0));
        assert!(pending.take(&state, "another browser", at(1)).is_none());
        assert!(pending.take(&state, "browser", at(1)).is_none(), "who tried it elsewhere has used it up");

        let (state, _) = pending.begin("browser", "/", at(0));
        assert!(pending.take(&state, "browser", at(601)).is_none());
    }

    #[test]
    fn they_are_bounded_and_forgotten() {
        let pending = Pending::default();
        let (first, _) = pending.begin("browser", "/", at(0));
        let (second, _) = pending.begin("browser", "/", at(1));
        (0..MOST - 1).for_each(|_| drop(pending.begin("browser", "/", at(2))));
        assert_eq!(pending.0.lock().expect("no panic").len(), MOST);
        assert!(pending.take(&first, "browser", at(3)).is_none());
        assert!(pending.take(&second, "browser", at(3)).is_some());
        // Full again, and all but the newest have lapsed.
        pending.begin("browser", "/", at(700));
        pending.begin("browser", "/", at(701));
        assert_eq!(pending.0.lock().expect("no panic").len(), 2);
    }

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let begun =
            Begun { nonce: String::new(), verifier, next: String::new(), at: at(0), browser: [0; 32] };
        assert_eq!(begun.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
