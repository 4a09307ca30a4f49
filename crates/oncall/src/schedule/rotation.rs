//! Hand-overs: the local times at which turns change, by number.

use jiff::civil::{Date, date};

use crate::model::{Every, Rotation};
use crate::time::{DAY_S, Day, Zone};

/// The hand-overs of a rotation. Number 0 begins the first turn.
#[derive(Debug, Clone)]
pub(super) enum HandOvers {
    /// Equal steps of local time.
    Even { first: i64, step: i64 },
    /// Several a week: days after the first.
    Week { first: i64, days: Vec<i64> },
    /// By months.
    Month { year_month: i64, step: i64, day: i8, at: i64 },
}

/// Local days since 1970.
pub(super) fn day_number(day: Date) -> i64 {
    day.duration_since(date(1970, 1, 1)).as_hours() / 24
}

impl HandOvers {
    pub(super) fn new(rotation: &Rotation) -> Self {
        let start = day_number(rotation.start);
        let at = rotation.at.seconds();
        let count = i64::from(rotation.count.max(1));
        let even = |step: i64| Self::Even { first: start * DAY_S + at, step: step * count };
        match rotation.every {
            Every::Hour => even(3600),
            Every::Day => even(DAY_S),
            Every::Weekday => Self::Even { first: start * DAY_S + at, step: DAY_S },
            Every::Week if rotation.hand_over_on.is_empty() => even(7 * DAY_S),
            Every::Week => {
                let mut days: Vec<i64> =
                    rotation.hand_over_on.iter().map(|day| Day::of(start).until(*day)).collect();
                days.sort_unstable();
                days.dedup();
                let shift = days.first().copied().unwrap_or(0);
                days.iter_mut().for_each(|d| *d -= shift);
                // With one day a week, `count` weeks; with several, each week has them all.
                match days.as_slice() {
                    [_] => Self::Even { first: (start + shift) * DAY_S + at, step: 7 * DAY_S * count },
                    _ => Self::Week { first: (start + shift) * DAY_S + at, days },
                }
            }
            Every::Month => Self::Month {
                year_month: i64::from(rotation.start.year()) * 12 + i64::from(rotation.start.month()) - 1,
                step: count,
                day: rotation.start.day(),
                at,
            },
        }
    }

    /// The local time of one of them, in seconds since 1970.
    pub(super) fn local(&self, number: i64) -> i64 {
        match self {
            Self::Even { first, step } => first + number * step,
            Self::Week { first, days } => {
                let n = days.len() as i64;
                let day = usize::try_from(number.rem_euclid(n)).ok().and_then(|i| days.get(i)).copied();
                first + (number.div_euclid(n) * 7 + day.unwrap_or(0)) * DAY_S
            }
            Self::Month { year_month, step, day, at } => {
                let month = year_month + number * step;
                let year = i16::try_from(month.div_euclid(12)).unwrap_or(9998).clamp(1, 9998);
                let month = i8::try_from(month.rem_euclid(12) + 1).unwrap_or(1);
                let first = date(year, month, 1);
                let wanted = first.with().day((*day).min(first.days_in_month())).build().unwrap_or(first);
                day_number(wanted) * DAY_S + at
            }
        }
    }

    /// The last one that is not after a local time.
    fn before(&self, local: i64) -> i64 {
        match self {
            Self::Even { first, step } => (local - first).div_euclid(*step),
            Self::Week { first, days } => {
                let since = local - first;
                let day = since.rem_euclid(7 * DAY_S).div_euclid(DAY_S);
                let n = days.len() as i64;
                let passed = days.iter().filter(|d| **d <= day).count() as i64;
                since.div_euclid(7 * DAY_S) * n + passed - 1
            }
            Self::Month { year_month, step, .. } => {
                let shown = jiff::tz::Offset::UTC.to_datetime(crate::time::timestamp(local));
                let month = i64::from(shown.year()) * 12 + i64::from(shown.month()) - 1;
                let number = (month - year_month).div_euclid(*step);
                if self.local(number) <= local { number } else { number - 1 }
            }
        }
    }

    /// The turn of an instant: its number, when it began, when it ends. Turns whose time the clock skips are passed
    /// over.
    pub(super) fn turn(&self, zone: &Zone, at: i64) -> (i64, i64, i64) {
        let mut number = self.before(zone.local(at));
        let mut since = zone.first(self.local(number));
        let mut until = zone.first(self.local(number + 1));
        // Where the clock was put back it shows earlier times again, and the hand-over has been already.
        while until <= at {
            number += 1;
            since = until;
            until = zone.first(self.local(number + 1));
        }
        (number, since, until)
    }
}
