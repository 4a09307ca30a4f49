//! A schedule, made ready to be asked.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::frame::{Duty, Frame, Source};
use super::lane::{Lane, Piece};
use crate::model::{Calendar, Schedule, What};
use crate::time::{FAR, PAST, Span, Zone, seconds, timestamp};

/// How far [`Plan::next_change`] and [`Plan::steady`] look.
const HORIZON: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A schedule, made ready to be asked.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    schedule: &'a Schedule,
    lanes: Vec<Lane<'a>>,
    replacements: Vec<Dated<'a>>,
}

/// One thing that a replacement does, in its span.
#[derive(Debug, Clone)]
struct Dated<'a> {
    from: i64,
    until: i64,
    id: &'a str,
    deed: Deed<'a>,
}

#[derive(Debug, Clone)]
enum Deed<'a> {
    All(&'a [String]),
    One { person: &'a str, instead_of: &'a str, swap: bool },
    Shadow { person: &'a str, of: &'a str },
}

/// The answers of the layers that still hold, so that each layer is asked once for each of its own changes.
pub(super) type Known<'a> = Vec<Option<Piece<'a>>>;

impl<'a> Plan<'a> {
    /// Makes a schedule ready. Calendars that it does not name do not matter.
    pub fn new(schedule: &'a Schedule, calendars: &[Calendar]) -> Self {
        let zone = &schedule.time_zone;
        Self {
            schedule,
            lanes: schedule.layers.iter().map(|l| Lane::new(l, zone, calendars)).collect(),
            replacements: schedule.replacements.iter().flat_map(|r| dated(&r.id, &r.what, zone)).collect(),
        }
    }

    /// The schedule.
    pub fn schedule(&self) -> &'a Schedule {
        self.schedule
    }

    /// Who is on at an instant.
    pub fn at(&self, at: Timestamp) -> Frame {
        self.frame(seconds(at), &mut self.unknown())
    }

    /// The names of those who are on call at an instant; shadows are not.
    pub fn on_call(&self, at: Timestamp) -> Vec<String> {
        self.at(at).on.into_iter().map(|d| d.person).collect()
    }

    /// When, after an instant, other people are on call than at it. Nothing where that does not happen within 400 days.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        self.change_within(at, HORIZON)
    }

    /// The same, looking no further than so long.
    pub fn change_within(&self, at: Timestamp, horizon: SignedDuration) -> Option<Timestamp> {
        let same = self.on_call(at);
        let end = timestamp(seconds(at)).saturating_add(horizon).unwrap_or(Timestamp::MAX);
        let mut known = self.unknown();
        let mut at = seconds(at);
        loop {
            let frame = self.frame(at, &mut known);
            if !are(&frame, &same) {
                return Some(frame.within.from);
            }
            if frame.within.until >= end {
                return None;
            }
            at = seconds(frame.within.until);
        }
    }

    /// From when until when the same people are on call as at an instant; `None` where that is further away than 400
    /// days.
    pub fn steady(&self, at: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        let same = self.on_call(at);
        let start = timestamp(seconds(at)).saturating_sub(HORIZON).unwrap_or(Timestamp::MIN);
        let mut since = self.at(at).within.from;
        let since = loop {
            if since <= start {
                break None;
            }
            let before = self.frame(seconds(since) - 1, &mut self.unknown());
            if !are(&before, &same) {
                break Some(since);
            }
            since = before.within.from;
        };
        (since, self.next_change(at))
    }

    /// One layer of it by itself.
    pub(super) fn alone(&self, layer: usize) -> Option<Self> {
        let lane = self.lanes.get(layer)?.clone();
        Some(Self { schedule: self.schedule, lanes: vec![lane], replacements: Vec::new() })
    }

    pub(super) fn unknown(&self) -> Known<'a> {
        vec![None; self.lanes.len()]
    }

    /// Who is on at an instant, in seconds since 1970. What `known` holds must not begin after it.
    pub(super) fn frame(&self, at: i64, known: &mut Known<'a>) -> Frame {
        let zone = &self.schedule.time_zone;
        let mut span = (PAST, FAR);
        let mut on = Vec::new();
        let mut shadows = Vec::new();
        for (lane, kept) in self.lanes.iter().zip(known.iter_mut()).rev() {
            if !lane.layer.shadow && !on.is_empty() {
                continue;
            }
            let piece = match kept {
                Some(piece) if at < piece.until => *piece,
                _ => *kept.insert(lane.at(zone, at)),
            };
            span = (span.0.max(piece.since), span.1.min(piece.until));
            let to = if lane.layer.shadow { &mut shadows } else { &mut on };
            for person in piece.on.into_iter().flat_map(|turn| &turn.0) {
                add(to, person, || Source::Layer { layer: lane.layer.name.clone() });
            }
        }
        for dated in &self.replacements {
            if at < dated.from {
                span.1 = span.1.min(dated.from);
            } else if at >= dated.until {
                span.0 = span.0.max(dated.until);
            } else {
                span = (span.0.max(dated.from), span.1.min(dated.until));
                dated.apply(&mut on, &mut shadows);
            }
        }
        shadows.retain(|s| !on.iter().any(|d| d.person == s.person));
        Frame { on, shadows, within: Span { from: timestamp(span.0), until: timestamp(span.1) } }
    }
}

fn add(to: &mut Vec<Duty>, person: &str, source: impl FnOnce() -> Source) {
    if !to.iter().any(|d| d.person == person) {
        to.push(Duty { person: person.to_owned(), source: source() });
    }
}

fn dated<'a>(id: &'a str, what: &'a What, zone: &Zone) -> Vec<Dated<'a>> {
    let deeds = match what {
        What::Override { people, .. } => vec![Deed::All(people)],
        What::Cover { person, instead_of, .. } => vec![Deed::One { person, instead_of, swap: false }],
        What::Shadow { person, of, .. } => vec![Deed::Shadow { person, of }],
        What::Swap { first, second, .. } => vec![
            Deed::One { person: second, instead_of: first, swap: true },
            Deed::One { person: first, instead_of: second, swap: true },
        ],
    };
    let spans = what.spans().into_iter().map(|(f, u)| (seconds(f.instant(zone)), seconds(u.instant(zone))));
    // One that ends before it begins does nothing; the checker says so.
    spans
        .zip(deeds)
        .filter(|((f, u), _)| f < u)
        .map(|((from, until), deed)| Dated { from, until, id, deed })
        .collect()
}

impl Dated<'_> {
    fn apply(&self, on: &mut Vec<Duty>, shadows: &mut Vec<Duty>) {
        let id = self.id.to_owned();
        match self.deed {
            Deed::All(people) => {
                on.clear();
                for person in people {
                    add(on, person, || Source::Override { id: id.clone() });
                }
            }
            Deed::One { person, instead_of, swap } => {
                let Some(at) = on.iter().position(|d| d.person == instead_of) else { return };
                if on.iter().any(|d| d.person == person) {
                    on.remove(at);
                    return;
                }
                let instead_of = instead_of.to_owned();
                let source =
                    if swap { Source::Swap { id, instead_of } } else { Source::Cover { id, instead_of } };
                if let Some(duty) = on.get_mut(at) {
                    *duty = Duty { person: person.to_owned(), source };
                }
            }
            Deed::Shadow { person, of } => {
                if of.is_empty() || on.iter().any(|d| d.person == of) {
                    add(shadows, person, || Source::Shadow { id });
                }
            }
        }
    }
}

/// Whether these are the people on call, in whatever order.
fn are(frame: &Frame, people: &[String]) -> bool {
    let on: BTreeSet<&str> = frame.on.iter().map(|d| d.person.as_str()).collect();
    on == people.iter().map(String::as_str).collect()
}
