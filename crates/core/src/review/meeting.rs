//! When people meet over an incident. Which clock they live by is not known here: hours are UTC.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How long the meeting is, in seconds.
pub const MEETING_S: i64 = 3600;
/// Hours of a working day at which a meeting may begin.
const WORKING: std::ops::Range<i8> = 9..17;
/// From the end to the meeting at least: the postmortem is to be read before.
const READING_S: i64 = 3600;
/// Hours that are looked at.
const AHEAD: i64 = 14 * 24;

/// The first full hour of a working day (Monday to Friday, nine to five) after the end that lies before `due`. Where
/// no working day does, an hour of the same times on the weekend; where `due` is too near for that, the next working
/// hour all the same.
pub fn meeting_at(end: Timestamp, due: Timestamp) -> Timestamp {
    let hours = || {
        let first = (end.as_second() + READING_S).div_euclid(3600) + 1;
        (first..first + AHEAD).filter_map(|hour| {
            let at = Timestamp::from_second(hour * 3600).ok()?;
            let civil = at.to_zoned_datetime(TimeZone::UTC);
            WORKING
                .contains(&civil.hour())
                .then(|| (at, !matches!(civil.weekday(), Weekday::Saturday | Weekday::Sunday)))
        })
    };
    let latest = due.checked_sub(SignedDuration::from_secs(MEETING_S)).unwrap_or(due);
    let in_time = |at: &Timestamp| *at <= latest;
    let working = || hours().filter(|(_, working)| *working).map(|(at, _)| at);
    working()
        .find(in_time)
        .or_else(|| hours().map(|(at, _)| at).find(in_time))
        .or_else(|| working().next())
        .unwrap_or(due)
}
