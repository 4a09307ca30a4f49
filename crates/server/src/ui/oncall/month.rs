//! A month as rows of days: each layer on its own, then what comes of them.

use firebell_oncall::schedule::Shift;
use firebell_oncall::time::Zone;
use firebell_oncall::{Plan, Roster};
use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

/// A month of a schedule.
#[derive(Debug, Serialize)]
pub(super) struct Month {
    /// `March 2026`.
    title: String,
    /// `2026-03`.
    key: String,
    before: String,
    after: String,
    days: Vec<Day>,
    /// The layers, in their order; the final schedule is the last.
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Day {
    number: i8,
    weekday: String,
    weekend: bool,
    today: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    last: bool,
    cells: Vec<Cell>,
}

/// A day of a row, or several on which the same one person is on all the time.
#[derive(Debug, Serialize)]
struct Cell {
    days: usize,
    weekend: bool,
    parts: Vec<Part>,
}

/// Somebody in a day.
#[derive(Debug, PartialEq, Serialize)]
struct Part {
    /// `09:00` where they begin within the day.
    from: Option<String>,
    /// `17:00` where they end within the day and the row does not say who follows.
    to: Option<String>,
    person: String,
    /// By a replacement, or as a shadow.
    mark: &'static str,
    why: String,
    /// Nobody is on.
    gap: bool,
}

/// The month that a text names; that of `now` where it names none.
pub(super) fn first_day(text: Option<&str>, now: Timestamp, zone: &Zone) -> Date {
    let named = text.and_then(|t| format!("{t}-01").parse::<Date>().ok());
    let named = named.filter(|d| (1970..=9000).contains(&d.year()));
    named.unwrap_or_else(|| zone.clock(now).date().first_of_month())
}

/// The month that begins on a day.
pub(super) fn month(plan: &Plan<'_>, roster: &Roster, first: Date, now: Timestamp) -> Month {
    let schedule = plan.schedule();
    let zone = &schedule.time_zone;
    let midnight = |day: Date| zone.instant(day.to_datetime(Time::midnight()));
    let days: Vec<Date> = first.series(1.day()).take_while(|d| d.month() == first.month()).collect();
    let last = days.last().copied().unwrap_or(first);
    let next = last.tomorrow().unwrap_or(last);
    let (from, until) = (midnight(first), midnight(next));
    let today = zone.clock(now).date();
    let bounds: Vec<(Timestamp, Timestamp)> =
        days.iter().map(|d| (midnight(*d), midnight(d.tomorrow().unwrap_or(*d)))).collect();
    let row = |name: &str, shifts: &[Shift], last: bool| Row {
        name: name.to_owned(),
        last,
        cells: joined(days.iter().zip(&bounds).map(|(day, (from, until))| Cell {
            days: 1,
            weekend: is_weekend(*day),
            parts: parts(shifts, *from, *until, zone, roster, last),
        })),
    };
    let mut rows: Vec<Row> = (0..)
        .zip(&schedule.layers)
        .map(|(number, layer)| row(&layer.name, &plan.layer_shifts(number, from, until), false))
        .collect();
    rows.push(row("Final", &plan.shifts(from, until), true));
    let key = |d: Date| d.strftime("%Y-%m").to_string();
    Month {
        title: first.strftime("%B %Y").to_string(),
        key: key(first),
        before: key(first.yesterday().unwrap_or(first)),
        after: key(next),
        days: days
            .iter()
            .map(|d| Day {
                number: d.day(),
                weekday: d.strftime("%a").to_string(),
                weekend: is_weekend(*d),
                today: *d == today,
            })
            .collect(),
        rows,
    }
}

fn is_weekend(day: Date) -> bool {
    day.weekday().to_monday_zero_offset() >= 5
}

/// Days that say the same in one cell, so that a week is read at a glance.
fn joined(days: impl Iterator<Item = Cell>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for day in days {
        let whole = matches!(day.parts.as_slice(), [part] if part.from.is_none() && part.to.is_none());
        match cells.last_mut().filter(|before| whole && before.parts == day.parts) {
            Some(before) => (before.days, before.weekend) = (before.days + 1, false),
            None => cells.push(day),
        }
    }
    cells
}

/// Who is on in one day, in order of time.
fn parts(
    shifts: &[Shift],
    from: Timestamp,
    until: Timestamp,
    zone: &Zone,
    roster: &Roster,
    gaps: bool,
) -> Vec<Part> {
    use firebell_oncall::schedule::Source;
    let clock = |at: Timestamp| (at > from).then(|| zone.clock(at).strftime("%H:%M").to_string());
    let here: Vec<&Shift> = shifts.iter().filter(|s| s.span.from < until && s.span.until > from).collect();
    let mut parts: Vec<(Timestamp, Part)> = here
        .iter()
        .map(|s| {
            let mark = match (&s.source, s.shadow) {
                (_, true) => "shadow",
                (Source::Layer { .. }, false) => "",
                _ => "replaced",
            };
            let person = roster.person(&s.person).map_or(s.person.as_str(), |p| p.shown()).to_owned();
            let (begins, ends) = (s.span.from.max(from), s.span.until);
            let followed = (gaps && !s.shadow) || here.iter().any(|o| o.span.from == ends);
            let to = (ends < until && !followed).then(|| clock(ends)).flatten();
            (begins, Part { from: clock(begins), to, person, mark, why: s.source.shown(), gap: false })
        })
        .collect();
    // Where nobody follows on the one before.
    let on: Vec<&&Shift> = here.iter().filter(|s| !s.shadow).collect();
    let ends = std::iter::once(from).chain(on.iter().map(|s| s.span.until).filter(|u| *u < until));
    for end in ends.filter(|_| gaps) {
        if !on.iter().any(|s| s.span.contains(end)) && !parts.iter().any(|(at, p)| *at == end && p.gap) {
            let part = Part {
                from: clock(end),
                to: None,
                person: "nobody".to_owned(),
                mark: "",
                why: "a gap".to_owned(),
                gap: true,
            };
            parts.push((end, part));
        }
    }
    parts.sort_by_key(|(at, _)| *at);
    parts.into_iter().map(|(_, part)| part).collect()
}
