//! A moment as pages show it: relative and absolute, with its zone.

use jiff::Timestamp;
use serde::Serialize;

use super::words;

/// A moment. `macros.html` knows how to show it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Moment {
    at: Timestamp,
    /// `Mon 5 Jan 2026, 10:30:00 UTC`.
    long: String,
    /// `5 Jan 10:30 UTC`.
    short: String,
    /// `3 min ago`, `in 3 min`.
    near: String,
    /// `3 min left`, `3 min late`: of a deadline.
    left: String,
    late: bool,
}

impl Moment {
    /// As it is seen at `now`.
    pub(super) fn of(at: Timestamp, now: Timestamp) -> Self {
        let ahead = words::between(now, at);
        let span = words::span(ahead.abs());
        Self {
            at,
            long: format!("{} UTC", at.strftime("%a %-d %b %Y, %H:%M:%S")),
            short: format!("{} UTC", words::day(at)),
            near: if ahead > 0 { format!("in {span}") } else { words::ago(at, now) },
            left: format!("{span} {}", if ahead < 0 { "late" } else { "left" }),
            late: ahead < 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn it_is_told_from_both_sides() {
        let now: Timestamp = "2026-01-05T10:30:00Z".parse().expect("a time");
        let at =
            |minutes| Moment::of(now.checked_add(SignedDuration::from_mins(minutes)).expect("a time"), now);
        assert_eq!(at(0).long, "Mon 5 Jan 2026, 10:30:00 UTC");
        assert_eq!((&*at(12).near, &*at(12).left, at(12).late), ("in 12 min", "12 min left", false));
        assert_eq!((&*at(-12).near, &*at(-12).left, at(-12).late), ("12 min ago", "12 min late", true));
        assert_eq!(at(-12).short, "5 Jan 10:18 UTC");
    }
}
