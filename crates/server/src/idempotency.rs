//! `Idempotency-Key`: one request under one key of one person is carried out once. Answers are remembered for a day in
//! this process. The key of a declaration leaves a mark in the record besides, so that it holds across a restart.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firebell_core::ids::IncidentId;
use firebell_core::incident::Event;
use firebell_core::ports::store::{IncidentFilter, Reader, StoreResult};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::auth::Person;
use crate::problem::Problem;

/// Longest key.
const MAX_KEY: usize = 255;
/// Keys that are remembered for one person.
const MOST_OF_ONE: usize = 10_000;
/// Bytes of answers that are remembered for all.
const MOST_BYTES: usize = 64 << 20;
/// What a key costs beside its answer.
const OVERHEAD: usize = 256;
/// A key is good for so long.
const LIFE: SignedDuration = SignedDuration::from_hours(24);
/// Incidents of that time that are looked through.
const LOOKED_THROUGH: usize = 500;
/// Says that an answer was given before.
pub(crate) const REPLAYED: &str = "idempotent-replayed";

/// What a key stands for: a hash of the request.
type Request = [u8; 32];
/// A key of a person, hashed.
type Mark = [u8; 32];

/// An answer as it was given.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    status: StatusCode,
    headers: Vec<(&'static str, HeaderValue)>,
    body: Bytes,
}

/// Headers that belong to an answer.
const HEADERS: [&str; 3] = ["content-type", "etag", "location"];

impl Kept {
    pub(crate) fn of(response: &Response, body: Bytes) -> Self {
        let headers = HEADERS
            .into_iter()
            .filter_map(|name| response.headers().get(name).map(|value| (name, value.clone())))
            .collect();
        Self { status: response.status(), headers, body }
    }
}

impl IntoResponse for Kept {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        response.headers_mut().remove(header::CONTENT_TYPE);
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        response
    }
}

/// One key. Requests with it wait for each other here.
type Slot = Arc<AsyncMutex<Option<Kept>>>;

#[derive(Debug)]
struct Known {
    person: String,
    request: Request,
    at: Timestamp,
    bytes: usize,
    slot: Slot,
}

#[derive(Debug, Default)]
struct All {
    known: HashMap<Mark, Known>,
    /// Oldest first, of each person.
    order: BTreeMap<String, VecDeque<Mark>>,
    bytes: usize,
}

/// Keys and their answers.
#[derive(Debug, Default)]
pub(crate) struct Keys(Mutex<All>);

/// The turn of a request under its key.
pub(crate) struct Turn {
    mark: Mark,
    answer: OwnedMutexGuard<Option<Kept>>,
}

impl Turn {
    /// What was answered before.
    pub(crate) fn kept(&self) -> Option<Kept> {
        self.answer.clone()
    }
}

impl Keys {
    /// Waits for the key's turn.
    ///
    /// # Errors
    /// The key stands for another request, or too many are remembered.
    pub(crate) async fn turn(
        &self,
        person: &Person,
        key: &str,
        request: Request,
        now: Timestamp,
    ) -> Result<Turn, Problem> {
        let mark = hash(&[person.name.as_bytes(), key.as_bytes()]);
        loop {
            let slot = self.slot(person, mark, request, now)?;
            let turn = Turn { mark, answer: Arc::clone(&slot).lock_owned().await };
            // Where the one before was refused its key was forgotten meanwhile: it is taken anew.
            if self.lock().known.get(&mark).is_some_and(|known| Arc::ptr_eq(&known.slot, &slot)) {
                return Ok(turn);
            }
        }
    }

    fn slot(&self, person: &Person, mark: Mark, request: Request, now: Timestamp) -> Result<Slot, Problem> {
        let mut all = self.lock();
        all.forget(now);
        match all.known.get(&mark) {
            Some(known) if known.request != request => Err(Problem::other_request(
                "stands for another request already: each request needs a key of its own",
            )),
            Some(known) => Ok(Arc::clone(&known.slot)),
            None => all.add(&person.name, mark, request, now),
        }
    }

    /// Remembers what was answered.
    pub(crate) fn keep(&self, mut turn: Turn, kept: Kept) {
        let mut all = self.lock();
        let bytes = kept.body.len();
        if let Some(known) = all.known.get_mut(&turn.mark) {
            known.bytes += bytes;
            all.bytes += bytes;
        }
        *turn.answer = Some(kept);
    }

    /// Forgets a key whose request changed nothing: it may be sent again, mended.
    pub(crate) fn release(&self, turn: Turn) {
        self.lock().remove(&turn.mark);
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    fn add(&mut self, person: &str, mark: Mark, request: Request, now: Timestamp) -> Result<Slot, Problem> {
        let order = self.order.entry(person.to_owned()).or_default();
        if order.len() >= MOST_OF_ONE || self.bytes >= MOST_BYTES {
            let oldest = order.front().and_then(|mark| self.known.get(mark)).map_or(now, |k| k.at);
            let wait = LIFE.saturating_sub(now.duration_since(oldest)).as_secs().max(1);
            let detail = "so many keys of the last 24 hours are remembered that no more are taken";
            return Err(Problem::too_many_keys(detail, wait.unsigned_abs()));
        }
        order.push_back(mark);
        let slot = Slot::default();
        let known =
            Known { person: person.to_owned(), request, at: now, bytes: OVERHEAD, slot: Arc::clone(&slot) };
        self.bytes += OVERHEAD;
        self.known.insert(mark, known);
        Ok(slot)
    }

    /// Drops what is older than a day.
    fn forget(&mut self, now: Timestamp) {
        let Self { known, order, bytes } = self;
        order.retain(|_, marks| {
            while let Some(mark) = marks.front() {
                if known.get(mark).is_some_and(|k| now.duration_since(k.at) <= LIFE) {
                    break;
                }
                let old = marks.pop_front().and_then(|mark| known.remove(&mark));
                *bytes = bytes.saturating_sub(old.map_or(0, |k| k.bytes));
            }
            !marks.is_empty()
        });
    }

    fn remove(&mut self, mark: &Mark) {
        let Some(known) = self.known.remove(mark) else { return };
        self.bytes = self.bytes.saturating_sub(known.bytes);
        if let Some(order) = self.order.get_mut(&known.person) {
            order.retain(|m| m != mark);
            if order.is_empty() {
                self.order.remove(&known.person);
            }
        }
    }
}

/// What a request is, as far as its key is concerned.
pub(crate) fn request(method: &str, target: &str, body: &[u8]) -> Request {
    hash(&[method.as_bytes(), target.as_bytes(), body])
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The key of a request.
///
/// # Errors
/// It is empty, too long or not printable.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let good = |key: &&str| !key.is_empty() && key.len() <= MAX_KEY;
    match key.to_str().ok().filter(good) {
        Some(key) => Ok(Some(key)),
        None => Err(Problem::bad_request(
            "idempotency-key",
            format!("must be 1 to {MAX_KEY} printable characters"),
        )),
    }
}

/// The mark that a declaration's key leaves in the record; `None` without a key.
pub(crate) fn mark(headers: &HeaderMap, person: &Person) -> Result<Option<String>, Problem> {
    let Some(key) = key(headers)? else { return Ok(None) };
    let mut hash = Sha256::new();
    hash.update((person.name.len() as u64).to_le_bytes());
    hash.update(person.name.as_bytes());
    hash.update(key.as_bytes());
    Ok(Some(format!("request {}", &hex::encode(hash.finalize())[..24])))
}

/// Looks a mark up in the record: what an earlier process opened, and what was opened though its answer failed.
pub(crate) fn find(reader: &dyn Reader, mark: &str, now: Timestamp) -> StoreResult<Option<IncidentId>> {
    let filter =
        IncidentFilter { include_restricted: true, limit: LOOKED_THROUGH, ..IncidentFilter::default() };
    for summary in reader.incidents(&filter)? {
        if now.duration_since(summary.opened_at) > LIFE {
            break;
        }
        let records = reader.events(&summary.id)?;
        if let Some(Event::Opened { why, .. }) = records.first().map(|r| &r.event)
            && why.ends_with(mark)
        {
            return Ok(Some(summary.id));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Role;

    fn ada() -> Person {
        Person::new("ada", Role::Admin)
    }

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_hours(hours)).expect("a time")
    }

    fn answer(text: &str) -> Kept {
        Kept { status: StatusCode::OK, headers: Vec::new(), body: Bytes::from(text.to_owned()) }
    }

    #[tokio::test]
    async fn who_waited_for_a_refused_request_takes_the_key_anew() {
        let keys = Arc::new(Keys::default());
        let asked = request("POST", "/x", b"{}");
        let first = keys.turn(&ada(), "k", asked, at(0)).await.expect("a turn");
        let waiting = {
            let keys = Arc::clone(&keys);
            tokio::spawn(async move { keys.turn(&ada(), "k", asked, at(0)).await })
        };
        tokio::task::yield_now().await;
        keys.release(first);
        let second = waiting.await.expect("no panic").expect("a turn");
        assert!(second.kept().is_none());
        keys.keep(second, answer("done"));
        let third = keys.turn(&ada(), "k", asked, at(0)).await.expect("a turn");
        assert_eq!(third.kept().expect("an answer").body, "done");
    }

    #[tokio::test]
    async fn no_more_is_remembered_than_may_be_and_a_day_frees_it() {
        let keys = Keys::default();
        let asked = request("POST", "/x", b"{}");
        for n in 0..MOST_OF_ONE {
            let turn = keys.turn(&ada(), &n.to_string(), asked, at(1)).await.expect("a turn");
            keys.keep(turn, answer("x"));
        }
        let refused = keys.turn(&ada(), "more", asked, at(2)).await.err().expect("refused");
        assert_eq!((refused.code, refused.retry_after_s), ("too_many_keys", Some(23 * 3600)));
        assert!(keys.turn(&ada(), "7", asked, at(25)).await.expect("a turn").kept().is_some(), "still known");
        let other = Person::new("grace", Role::Admin);
        assert!(keys.turn(&other, "7", asked, at(2)).await.is_ok(), "each has their own");
        let later =
            Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_secs(25 * 3600 + 1)).expect("a time");
        assert!(keys.turn(&ada(), "more", asked, later).await.is_ok());
        assert!(keys.lock().known.len() <= 2 && keys.lock().bytes <= 2 * OVERHEAD);
    }
}
