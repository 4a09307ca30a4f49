//! How receivers fare: kept while one fails, gone once it takes something.

use firebell_core::effect::RetryPolicy;
use firebell_core::ports::office::{Change, Expect, OfficeReader};
use firebell_core::ports::store::StoreResult;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::desk::body;

/// Documents of receivers that fail; their id is the receiver's.
const KIND: &str = "receiver";
/// So often it has to fail before the time counts: one failure before a quiet weekend is not a weekend of failures.
const FAILURES: u32 = 10;

/// A receiver that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Receiver {
    /// When it began to.
    pub(crate) failing_since: Timestamp,
    /// Attempts since, all of which failed.
    pub(crate) failures: u32,
    /// It is left alone until then.
    pub(crate) rests_until: Timestamp,
}

impl Receiver {
    /// How a receiver fares; none where it is well.
    pub(crate) fn of(office: &dyn OfficeReader, to: &str) -> StoreResult<Option<Self>> {
        office.document(KIND, to)?.map(|d| body(&d)).transpose()
    }

    /// After one more failure.
    pub(super) fn failed(before: Option<Self>, retry: &RetryPolicy, unit: f64, now: Timestamp) -> Self {
        let failures = before.as_ref().map_or(0, |b| b.failures).saturating_add(1);
        let failing_since = before.map_or(now, |b| b.failing_since);
        Self { failing_since, failures, rests_until: later(now, retry.delay_s(failures, unit)) }
    }

    /// Whether patience with it is at its end.
    pub(super) fn is_hopeless(&self, patience: SignedDuration, now: Timestamp) -> bool {
        self.failures >= FAILURES && now.duration_since(self.failing_since) >= patience
    }

    pub(super) fn put(&self, to: &str) -> Change {
        // Plain fields only: it has a JSON form.
        let body = serde_json::to_value(self).unwrap_or_default();
        Change::Put { kind: KIND, id: to.to_owned(), body, expect: Expect::Any }
    }
}

/// Forgets that a receiver failed: it took something, or a person says that it is to be tried.
pub(crate) fn well(to: &str) -> Change {
    Change::Remove { kind: KIND, id: to.to_owned() }
}

/// A time so many seconds later.
pub(super) fn later(now: Timestamp, seconds: f64) -> Timestamp {
    let span = SignedDuration::from_millis((seconds.clamp(0.0, 31_536_000.0) * 1000.0) as i64);
    now.saturating_add(span).unwrap_or(now)
}
