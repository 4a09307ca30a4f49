//! Shifts as a calendar that phones and desktops subscribe to.

use jiff::Timestamp;
use jiff::tz::Offset;

use super::lines::{escaped, push};
use crate::schedule::Shift;

/// One event of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Name of the schedule.
    pub schedule: &'a str,
    /// The shift.
    pub shift: &'a Shift,
    /// The person as shown.
    pub shown: &'a str,
}

/// A calendar of shifts. Times are UTC, so that no reader needs to know our zones; `stamp` is when it was made. A shift
/// keeps its UID as long as schedule, person and beginning stay: ask for shifts from a beginning that does not move with
/// the time, such as [`crate::Plan::steady`]'s.
pub fn feed(title: &str, entries: &[Entry<'_>], stamp: Timestamp) -> String {
    let mut out = String::new();
    let mut line = |text: &str| push(&mut out, text);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//Firebell//On-call//EN");
    line("CALSCALE:GREGORIAN");
    line("METHOD:PUBLISH");
    line(&format!("X-WR-CALNAME:{}", escaped(title)));
    line("REFRESH-INTERVAL;VALUE=DURATION:PT1H");
    line("X-PUBLISHED-TTL:PT1H");
    for entry in entries {
        let shift = entry.shift;
        line("BEGIN:VEVENT");
        line(&format!("UID:{}", uid(entry)));
        line(&format!("DTSTAMP:{}", utc(stamp)));
        line(&format!("DTSTART:{}", utc(shift.span.from)));
        line(&format!("DTEND:{}", utc(shift.span.until)));
        let what = if shift.shadow { "Shadow on call" } else { "On call" };
        line(&format!("SUMMARY:{}", escaped(&format!("{what}: {} ({})", entry.shown, entry.schedule))));
        line(&format!("DESCRIPTION:{}", escaped(&format!("By {}.", shift.source.shown()))));
        line("TRANSP:TRANSPARENT");
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    out
}

/// The same for the same shift, whenever it is asked for; another for any other. Names may hold anything, so what could
/// be mistaken for a separator is written as its number.
fn uid(entry: &Entry<'_>) -> String {
    let plain = |text: &str| {
        text.chars()
            .map(|c| {
                if c.is_alphanumeric() || c == '-' { c.to_string() } else { format!("_{:x}_", u32::from(c)) }
            })
            .collect::<String>()
    };
    let role = if entry.shift.shadow { "shadow" } else { "oncall" };
    let from = utc(entry.shift.span.from);
    format!("{from}.{role}.{}.{}@firebell", plain(entry.schedule), plain(&entry.shift.person))
}

fn utc(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).strftime("%Y%m%dT%H%M%SZ").to_string()
}
