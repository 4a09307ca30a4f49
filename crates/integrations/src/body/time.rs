//! Senders' times: reading them, and putting them right where no clock could be so wrong.

use firebell_core::telemetry::Labels;
use jiff::{SignedDuration, Timestamp};

use super::labels::insert_capped;

/// How far a sender's clock may run ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);
/// 2000-01-01: nothing that is monitored has been failing for longer.
const EPOCH_OF_SENSE: i64 = 946_684_800;

/// The annotation that says that a sender's clock was not believed.
pub(crate) const SKEW_NOTE: &str = "firebell_clock_skew";
/// What stands for the end of time: 9999-12-30T00:00:00Z, in every zone a year of four digits.
const END_OF_TIME: i64 = 253_402_128_000;

/// An RFC 3339 time. The last days of the year 9999, which senders write for "never ends", lie beyond what can be held
/// and become the last moment that can.
pub(crate) fn rfc3339(text: &str) -> Option<Timestamp> {
    let end = || Timestamp::from_second(END_OF_TIME).ok();
    match text.parse::<Timestamp>() {
        Ok(at) if at.as_second() > END_OF_TIME => end(),
        Ok(at) => Some(at),
        Err(_) => {
            let (day, time) = text.split_at_checked(10)?;
            let last = matches!(day, "9999-12-30" | "9999-12-31");
            // The rest must be a time: read under a day that can be held.
            (last && format!("9999-12-29{time}").parse::<Timestamp>().is_ok()).then(end)?
        }
    }
}

/// Whether a sender's clock cannot be right, for it is so far ahead.
pub(crate) fn far_ahead(at: Timestamp, received_at: Timestamp) -> bool {
    at.duration_since(received_at) > AHEAD
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
    let note = if far_ahead(at, received_at) {
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
    insert_capped(annotations, SKEW_NOTE, &note);
    received_at
}
