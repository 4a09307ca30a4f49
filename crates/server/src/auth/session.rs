//! Sessions of the page: a random id in a cookie, its hash here with the person and the token that guards forms.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::person::Person;

/// The cookie's name.
pub(crate) const COOKIE: &str = "firebell_session";
/// A session ends when it has not been used for so long.
const IDLE: SignedDuration = SignedDuration::from_hours(24);
/// A session ends after so long, used or not.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Sessions kept; beyond it the one that was idle longest goes.
const MOST: usize = 10_000;

/// What to tell a person after a form was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flash {
    pub(crate) ok: bool,
    pub(crate) text: String,
}

/// A signed-in person.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) person: Person,
    /// Hidden field of every form.
    pub(crate) csrf: String,
    begun_at: Timestamp,
    used_at: Timestamp,
    flash: Option<Flash>,
}

impl Session {
    /// Whether a form carries this session's guard, in constant time.
    pub(crate) fn guards(&self, shown: &str) -> bool {
        self.csrf.as_bytes().ct_eq(shown.as_bytes()).into()
    }

    fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.used_at) > IDLE || now.duration_since(self.begun_at) > LIFE
    }
}

/// All sessions. They live as long as the process: after a restart people sign in again.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<BTreeMap<[u8; 32], Session>>);

impl Sessions {
    /// Begins a session; answers the cookie's value.
    pub(crate) fn begin(&self, person: Person, now: Timestamp) -> String {
        let id = hex::encode(rand::random::<[u8; 32]>());
        let csrf = hex::encode(rand::random::<[u8; 32]>());
        let mut all = self.lock();
        all.retain(|_, s| !s.is_over(now));
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, s)| s.used_at).map(|(k, _)| *k)
        {
            all.remove(&oldest);
        }
        all.insert(hash(&id), Session { person, csrf, begun_at: now, used_at: now, flash: None });
        id
    }

    /// The session of a cookie's value.
    pub(crate) fn find(&self, id: &str, now: Timestamp) -> Option<Session> {
        let mut all = self.lock();
        let key = hash(id);
        let session = all.get_mut(&key)?;
        if session.is_over(now) {
            all.remove(&key);
            return None;
        }
        session.used_at = session.used_at.max(now);
        Some(session.clone())
    }

    /// Ends a session.
    pub(crate) fn end(&self, id: &str) {
        self.lock().remove(&hash(id));
    }

    /// Keeps a word for the next page.
    pub(crate) fn tell(&self, id: &str, flash: Flash) {
        if let Some(session) = self.lock().get_mut(&hash(id)) {
            session.flash = Some(flash);
        }
    }

    /// Takes that word.
    pub(crate) fn told(&self, id: &str) -> Option<Flash> {
        self.lock().get_mut(&hash(id))?.flash.take()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Session>> {
        // What a panic elsewhere left behind is a whole map.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(id: &str) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}

/// The value of the session cookie, if the request has one.
pub(crate) fn cookie_value(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE && value.len() <= 256).then_some(value))
}
