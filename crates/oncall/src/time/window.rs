//! Windows of the week: "from 17:00 to 09:00, Monday to Friday", "from Friday 17:00 to Monday 09:00".

use serde::{Deserialize, Serialize};

use super::zone::{DAY_S, FAR, PAST, Zone};
use super::{Day, TimeOfDay};

/// A window that opens on certain days. It may end on a later day: at `to` of the next day where `to` is not after
/// `from`, or at `to` of the next `to_day`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Days on which it opens; every day where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// Opens at.
    pub from: TimeOfDay,
    /// Closes at.
    pub to: TimeOfDay,
    /// Closes on the next such day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_day: Option<Day>,
}

impl Window {
    /// Whether it opens on a day of the week.
    fn opens_on(&self, day: Day) -> bool {
        self.days.is_empty() || self.days.contains(&day)
    }

    /// Local seconds, from the midnight of the day on which it opens to its end.
    fn end(&self, day: i64) -> i64 {
        let later = |days: i64| days * DAY_S + self.to.seconds();
        let same_day = later(0);
        match self.to_day {
            Some(to) => {
                let days = Day::of(day).until(to);
                later(if days == 0 && same_day <= self.from.seconds() { 7 } else { days })
            }
            None if same_day > self.from.seconds() => same_day,
            None => later(1),
        }
    }

    /// Whether it is open at an instant; since when that is so, and until when at least.
    fn state(&self, zone: &Zone, at: i64) -> (bool, i64, i64) {
        let today = zone.local(at).div_euclid(DAY_S);
        let opens =
            |day: i64| self.opens_on(Day::of(day)).then(|| zone.first(day * DAY_S + self.from.seconds()));
        let mut next = FAR;
        let mut closed_since = PAST;
        // The clock may have been put back over midnight, so tomorrow's may be open already.
        for day in (today - 9..=today + 1).rev() {
            let Some(open) = opens(day) else { continue };
            if open > at {
                next = open;
                continue;
            }
            let close = zone.first(day * DAY_S + self.end(day));
            if close > at {
                return (true, open, close);
            }
            // Those that opened before it have closed before it.
            closed_since = close;
            break;
        }
        if next == FAR {
            next = (today + 2..today + 9).find_map(|day| opens(day).filter(|open| *open > at)).unwrap_or(FAR);
        }
        (false, closed_since, next)
    }
}

/// Whether one of the windows is open; since when that is so, and until when at least. None at all are always open.
pub(crate) fn state(windows: &[Window], zone: &Zone, at: i64) -> (bool, i64, i64) {
    let mut open: Option<(i64, i64)> = None;
    let mut closed = (PAST, FAR);
    for (is_open, since, until) in windows.iter().map(|w| w.state(zone, at)) {
        if is_open {
            let (s, u) = open.unwrap_or((since, until));
            open = Some((s.min(since), u.max(until)));
        } else {
            closed = (closed.0.max(since), closed.1.min(until));
        }
    }
    match open {
        Some((since, until)) => (true, since, until),
        None if windows.is_empty() => (true, PAST, FAR),
        None => (false, closed.0, closed.1),
    }
}
