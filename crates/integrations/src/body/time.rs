//! Senders' times: reading them, and putting them right where no clock could be so wrong.

use firebell_core::telemetry::Labels;
use jiff::{SignedDuration, Timestamp};

use super::labels::insert_capped;

/// How far a sender's clock may run ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);
/// 2000-01-01: nothing that is monitored has been failing for longer.
const EPOCH_OF_SENSE: i64 = 946_684_800;

/// An RFC 3339 time.
pub(crate) fn rfc3339(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// Go's zero time, which stands for "not set".
pub(crate) fn is_zero(at: Timestamp) -> bool {
    at.as_second() <= -62_135_596_800 + 86_400
}

/// `at`, or `received_at` if `at` lies before 2000 or more than ten minutes ahead; then the annotation
/// `firebell_clock_skew` says so.
pub(crate) fn believable(
    at: Option<Timestamp>,
    received_at: Timestamp,
    annotations: &mut Labels,
) -> Timestamp {
    let Some(at) = at.filter(|at| !is_zero(*at)) else { return received_at };
    let note = if at.duration_since(received_at) > AHEAD {
        format!("the sender dates the start {at}, after it was received: the time of receipt is used")
    } else if at.as_second() < EPOCH_OF_SENSE {
        format!("the sender dates the start {at}, before the year 2000: the time of receipt is used")
    } else {
        return at;
    };
    // Set last and by force: it must not be lost to a full set, nor forged by the sender.
    while annotations.len() >= super::limits::LABELS {
        annotations.pop_last();
    }
    insert_capped(annotations, "firebell_clock_skew", &note);
    received_at
}
