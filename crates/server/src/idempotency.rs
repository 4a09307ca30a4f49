//! `Idempotency-Key` of declarations: the same key of the same person names the same incident. The key's hash is part of
//! the record, so that it holds across a restart.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use firebell_core::ids::IncidentId;
use firebell_core::incident::Event;
use firebell_core::ports::store::{IncidentFilter, Reader, StoreResult};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex as AsyncMutex;

use crate::auth::Person;
use crate::problem::Problem;

/// Longest key.
const MAX_KEY: usize = 255;
/// Keys kept in memory; older ones are looked up in the record.
const MOST: usize = 10_000;
/// A key is good for so long.
const LIFE: SignedDuration = SignedDuration::from_hours(24);
/// Incidents of that time that are looked through.
const LOOKED_THROUGH: usize = 500;

/// Keys seen, newest last.
#[derive(Debug, Default)]
pub(crate) struct SeenKeys {
    known: Mutex<(BTreeMap<String, IncidentId>, VecDeque<String>)>,
    /// One declaration with a key at a time: two requests with one key must not pass each other.
    pub(crate) turn: AsyncMutex<()>,
}

impl SeenKeys {
    pub(crate) fn get(&self, mark: &str) -> Option<IncidentId> {
        self.lock().0.get(mark).cloned()
    }

    pub(crate) fn put(&self, mark: &str, id: IncidentId) {
        let mut known = self.lock();
        if known.0.insert(mark.to_owned(), id).is_none() {
            known.1.push_back(mark.to_owned());
        }
        while known.1.len() > MOST {
            if let Some(oldest) = known.1.pop_front() {
                known.0.remove(&oldest);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, (BTreeMap<String, IncidentId>, VecDeque<String>)> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The mark that a request's key leaves in the record; `None` without a key.
pub(crate) fn mark(headers: &HeaderMap, person: &Person) -> Result<Option<String>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|k| !k.is_empty() && k.len() <= MAX_KEY).ok_or_else(|| {
        Problem::bad_request("idempotency-key", format!("must be 1 to {MAX_KEY} printable characters"))
    })?;
    let mut hash = Sha256::new();
    hash.update((person.name.len() as u64).to_le_bytes());
    hash.update(person.name.as_bytes());
    hash.update(key.as_bytes());
    Ok(Some(format!("request {}", &hex::encode(hash.finalize())[..24])))
}

/// Looks a mark up in the record.
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
