//! How long things are kept that nobody removes by hand, and how large one thing may be. Shared by all stores, so
//! that they agree.

use jiff::{SignedDuration, Timestamp};

use crate::micros;

/// A key that was seen so long ago is forgotten: senders repeat within minutes, not months.
const SEEN_KEYS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Alertmanager keeps expired silences for 120 hours too.
const EXPIRED_SILENCES: SignedDuration = SignedDuration::from_hours(120);

/// What was delivered or given up is shown for a month.
const DELIVERIES: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Bytes of one blob.
pub(crate) const MAX_BLOB: usize = 64 << 20;

/// Keys seen before this are forgotten, in microseconds.
pub(crate) fn seen_keys_before(now: Timestamp) -> i64 {
    micros::floor(now.saturating_sub(SEEN_KEYS).unwrap_or(Timestamp::MIN))
}

/// Silences that ended before this are forgotten, in microseconds.
pub(crate) fn silences_before(now: Timestamp) -> i64 {
    micros::floor(now.saturating_sub(EXPIRED_SILENCES).unwrap_or(Timestamp::MIN))
}

/// Deliveries that ended before this are forgotten, in microseconds.
pub(crate) fn deliveries_before(now: Timestamp) -> i64 {
    micros::floor(now.saturating_sub(DELIVERIES).unwrap_or(Timestamp::MIN))
}
