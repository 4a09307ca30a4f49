//! One layer, made ready: who of it is on at an instant, and from when until when that holds.

use std::collections::BTreeSet;

use super::rotation::{HandOvers, day_number};
use crate::model::{Calendar, Every, Layer, OnHolidays, Turn};
use crate::time::{self, DAY_S, Day, FAR, PAST, Zone, seconds};

/// A layer, made ready.
#[derive(Debug, Clone)]
pub(super) struct Lane<'a> {
    pub(super) layer: &'a Layer,
    hand_overs: Option<HandOvers>,
    holidays: Option<(OnHolidays, BTreeSet<i64>)>,
    from: i64,
    until: i64,
}

/// Who of a layer is on during some time. The time may be shorter than that for which it is true.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) on: Option<&'a Turn>,
    pub(super) since: i64,
    pub(super) until: i64,
}

impl<'a> Lane<'a> {
    pub(super) fn new(layer: &'a Layer, zone: &Zone, calendars: &[Calendar]) -> Self {
        let holidays = layer.holidays.as_ref().map(|rule| {
            let named = calendars.iter().filter(|c| rule.calendars.contains(&c.name));
            (rule.then, named.flat_map(|c| &c.days).map(|h| day_number(h.date)).collect())
        });
        Self {
            layer,
            hand_overs: layer.rotation.as_ref().map(HandOvers::new),
            holidays,
            from: layer.from.map_or(PAST, |w| seconds(w.instant(zone))),
            until: layer.until.map_or(FAR, |w| seconds(w.instant(zone))),
        }
    }

    /// Who of it is on at an instant.
    pub(super) fn at(&self, zone: &Zone, at: i64) -> Piece<'a> {
        if at < self.from {
            return Piece { on: None, since: PAST, until: self.from };
        }
        if at >= self.until {
            return Piece { on: None, since: self.until.max(self.from), until: FAR };
        }
        let mut piece = Piece { on: None, since: self.from, until: self.until };
        let (open, since, until) = time::state(&self.layer.windows, zone, at);
        piece.narrow(since, until);
        if !open {
            return piece;
        }
        if let Some((then, days)) = &self.holidays {
            let (holiday, since, until) = holiday(days, zone, at);
            piece.narrow(since, until);
            if holiday == (*then == OnHolidays::Off) {
                return piece;
            }
        }
        let (turn, since, until) = self.turn(zone, at);
        piece.narrow(since, until);
        piece.on = turn.filter(|turn| !turn.0.is_empty());
        piece
    }

    /// Whose turn it is, windows and holidays aside.
    fn turn(&self, zone: &Zone, at: i64) -> (Option<&'a Turn>, i64, i64) {
        let turns = &self.layer.participants;
        let Some(hand_overs) = &self.hand_overs else { return (turns.first(), PAST, FAR) };
        let (number, since, until) = hand_overs.turn(zone, at);
        if number < 0 {
            return (None, PAST, zone.first(hand_overs.local(0)));
        }
        if self.layer.rotation.as_ref().is_some_and(|r| r.every == Every::Weekday) {
            return (self.layer.by_weekday.get(&Day::at(hand_overs.local(number))), since, until);
        }
        match turns.as_slice() {
            [] => (None, PAST, FAR),
            // Alone: no hand-over changes anything.
            [only] => (Some(only), zone.first(hand_overs.local(0)), FAR),
            all => {
                let index = usize::try_from(number.rem_euclid(all.len() as i64)).unwrap_or(0);
                (all.get(index), since, until)
            }
        }
    }
}

impl Piece<'_> {
    fn narrow(&mut self, since: i64, until: i64) {
        self.since = self.since.max(since);
        self.until = self.until.min(until);
    }
}

/// Whether the local day of an instant is one of these; since when, and until when at least.
fn holiday(days: &BTreeSet<i64>, zone: &Zone, at: i64) -> (bool, i64, i64) {
    let midnight = |day: i64| zone.first(day * DAY_S);
    let mut day = zone.local(at).div_euclid(DAY_S);
    // The clock may have been put back over midnight; the new day has begun all the same.
    while midnight(day + 1) <= at {
        day += 1;
    }
    if days.contains(&day) {
        return (true, midnight(day), midnight(day + 1));
    }
    let last = days.range(..day).next_back().map_or(PAST, |d| midnight(d + 1));
    let next = days.range(day + 1..).next().map_or(FAR, |d| midnight(*d));
    (false, last, next)
}
