//! Times as log lines write them, read without regular expressions: the reader of a million lines asks here a million
//! times. A time without a zone is taken as UTC and says so; one without a year or a date is put next to a time that
//! is known.

use jiff::Timestamp;

/// Part of a line that is searched, bytes.
const HEAD: usize = 96;
const DAY: i64 = 86_400;

/// A time and how much of it the text said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// When.
    pub at: Timestamp,
    /// The text named a zone, or counts from 1970.
    pub zoned: bool,
    /// How much of the date the text named.
    pub date: Date,
    /// Where it begins in the text, bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// How much of a date a text named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Date {
    /// All of it.
    Full,
    /// Month and day.
    NoYear,
    /// Only the time of the day.
    None,
}

/// The parts of a date and time before they are put together.
#[derive(Debug, Clone, Copy, Default)]
struct Parts {
    year: Option<i64>,
    month: i64,
    day: i64,
    second: i64,
    nanos: i32,
    offset: Option<i64>,
}

/// The first time near the start of `text`. `around` settles the year, or the day, where the text has none; without
/// it these are taken as of the year 2000.
pub fn find(text: &str, around: Option<Timestamp>) -> Option<Found> {
    let bytes = text.as_bytes();
    let head = &bytes[..bytes.len().min(HEAD)];
    let mut i = 0;
    let mut word = 0;
    while i < head.len() {
        let c = head[i];
        if c.is_ascii_digit() {
            let end = digits_end(bytes, i);
            if let Some(found) = numeric(bytes, i, end, word, around) {
                return Some(found);
            }
            i = end;
        } else if c.is_ascii_alphabetic() {
            let end = i + head[i..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
            if end - i == 3
                && let Some(found) = month_first(bytes, i, around)
            {
                return Some(found);
            }
            i = end;
        } else {
            word += usize::from(c == b' ');
            i += 1;
        }
    }
    None
}

/// A field's value: unix seconds, milliseconds, microseconds or nanoseconds by its size, or any time as text.
pub fn value(text: &str, around: Option<Timestamp>) -> Option<Found> {
    let text = text.trim();
    if let Some(at) = unix(text) {
        return Some(Found { at, zoned: true, date: Date::Full, start: 0, end: text.len() });
    }
    find(text, around)
}

/// Unix seconds, milliseconds, microseconds or nanoseconds, told apart by size; `None` below 1e8 (March 1973).
pub fn unix(text: &str) -> Option<Timestamp> {
    let first = text.bytes().next()?;
    if !first.is_ascii_digit() {
        return None;
    }
    if let Ok(n) = text.parse::<i64>() {
        let (scale, _) = unit(n as f64)?;
        return Timestamp::from_nanosecond(i128::from(n) * i128::from(scale)).ok();
    }
    let n = text.parse::<f64>().ok().filter(|n| n.is_finite())?;
    let (scale, _) = unit(n)?;
    // Seconds with a fraction keep their microseconds through a float, not their nanoseconds.
    Timestamp::from_nanosecond((n * scale as f64 / 1e3).round() as i128 * 1000).ok()
}

/// Nanoseconds of one step of a clock that shows `n`, and its name.
pub fn unit(n: f64) -> Option<(i64, &'static str)> {
    match n.abs() {
        a if a < 1e8 => None,
        a if a < 1e11 => Some((1_000_000_000, "seconds")),
        a if a < 1e14 => Some((1_000_000, "milliseconds")),
        a if a < 1e17 => Some((1_000, "microseconds")),
        a if a < 9.2e18 => Some((1, "nanoseconds")),
        _ => None,
    }
}

fn digits_end(b: &[u8], from: usize) -> usize {
    from + b[from..].iter().take_while(|c| c.is_ascii_digit()).count()
}

fn number(b: &[u8], from: usize, to: usize) -> Option<i64> {
    let part = b.get(from..to)?;
    if part.is_empty() || part.len() > 18 {
        return None;
    }
    part.iter().try_fold(0i64, |n, c| c.is_ascii_digit().then(|| n * 10 + i64::from(c - b'0')))
}

fn at(b: &[u8], i: usize) -> u8 {
    b.get(i).copied().unwrap_or(0)
}

/// Formats that begin with a digit; `word` counts the spaces before.
fn numeric(b: &[u8], i: usize, end: usize, word: usize, around: Option<Timestamp>) -> Option<Found> {
    let n = end - i;
    let next = at(b, end);
    let start = i <= 1;
    let mut p = Parts::default();
    let done = match (n, next) {
        // 2026-01-05T10:00:00, 2026/01/05 10:00:00, 2005-06-03-15.42.50.
        (4, b'-' | b'/' | b'.') if at(b, end + 3) == next => {
            p.year = number(b, i, end);
            p.month = number(b, end + 1, end + 3)?;
            p.day = number(b, end + 4, end + 6)?;
            if !matches!(at(b, end + 6), b'T' | b't' | b' ' | b'-' | b'_' | b':') {
                return None;
            }
            let from = end + 7 + usize::from(at(b, end + 7) == b' ');
            clock(b, from, &mut p)?
        }
        // 05/Jan/2026:10:00:00 +0000, 05 Jan 2026 10:00:00,250, 05-Jan-2026 10:00:00.250.
        (1 | 2, b'/' | b' ' | b'-') if month(b, end + 1).is_some() => {
            p.day = number(b, i, end)?;
            p.month = month(b, end + 1)?;
            if at(b, end + 4) != next {
                return None;
            }
            let year_end = digits_end(b, end + 5);
            p.year = (year_end - end - 5 == 4).then(|| number(b, end + 5, year_end)).flatten();
            p.year?;
            let mut from = year_end;
            while matches!(at(b, from), b' ' | b':' | b',') {
                from += 1;
            }
            if from == year_end {
                return None;
            }
            clock(b, from, &mut p)?
        }
        // 17/06/09 20:10:40 and 01/05/2026 10:00:00 AM.
        (1 | 2, b'/') if start => slashes(b, i, end, around, &mut p)?,
        // 10-30 16:49:06.811, [10.30 16:49:06].
        (2, b'-' | b'.') if start && at(b, end + 3) == b' ' => {
            p.month = number(b, i, end)?;
            p.day = number(b, end + 1, end + 3)?;
            clock(b, end + 4, &mut p)?
        }
        // 16:43:08.563 alone.
        (2, b':') if start => {
            let done = clock(b, i, &mut p)?;
            return Some(Found { date: Date::None, ..found(clock_only(&p, around)?, &p, i, done) });
        }
        // 081109 203615.
        (6, b' ') if i == 0 && digits_end(b, 7) == 13 && !at(b, 13).is_ascii_alphanumeric() => {
            p.year = Some(2000 + number(b, 0, 2)?);
            p.month = number(b, 2, 4)?;
            p.day = number(b, 4, 6)?;
            p.second = packed_clock(b, 7)?;
            13
        }
        // 20171223-22:15:29:606, 20260105T100000Z.
        (8, b'-' | b'T' | b' ' | b'_') => {
            p.year = number(b, i, i + 4).filter(|y| (1970..2200).contains(y));
            p.year?;
            p.month = number(b, i + 4, i + 6)?;
            p.day = number(b, i + 6, i + 8)?;
            if digits_end(b, end + 1) == end + 7 {
                p.second = packed_clock(b, end + 1)?;
                tail(b, end + 7, &mut p)
            } else {
                clock(b, end + 1, &mut p)?
            }
        }
        // Unix time, first in the line or after a mark.
        (10 | 13 | 16 | 19, _) if word == 0 || (word == 1 && at(b, 0) == b'-' && at(b, 1) == b' ') => {
            let point = next == b'.' && at(b, end + 1).is_ascii_digit();
            let to = if point { digits_end(b, end + 1) } else { end };
            if (i > 0 && b[i - 1].is_ascii_alphanumeric()) || at(b, to).is_ascii_alphanumeric() {
                return None;
            }
            let at = unix(std::str::from_utf8(b.get(i..to)?).ok()?)?;
            return Some(Found { at, zoned: true, date: Date::Full, start: i, end: to });
        }
        _ => return None,
    };
    Some(found(assemble(&p, around)?, &p, i, done))
}

fn found(at: Timestamp, p: &Parts, start: usize, end: usize) -> Found {
    let date = if p.year.is_some() { Date::Full } else { Date::NoYear };
    Found { at, zoned: p.offset.is_some(), date, start, end }
}

/// `17/06/09` (year first, as Hadoop and MySQL write), or month or day first with the year last.
fn slashes(b: &[u8], i: usize, end: usize, around: Option<Timestamp>, p: &mut Parts) -> Option<usize> {
    let second_end = digits_end(b, end + 1);
    if at(b, second_end) != b'/' {
        return None;
    }
    let third_end = digits_end(b, second_end + 1);
    let (x, y) = (number(b, i, end)?, number(b, end + 1, second_end)?);
    let z = number(b, second_end + 1, third_end)?;
    let mut from = third_end;
    while matches!(at(b, from), b' ' | b',') {
        from += 1;
    }
    if from == third_end {
        return None;
    }
    let done = clock(b, from, p)?;
    let two = third_end - second_end - 1 == 2;
    let orders: &[(i64, i64, i64)] =
        if two { &[(x, y, z), (z, x, y), (z, y, x)] } else { &[(z, x, y), (z, y, x)] };
    let mut best: Option<(u64, Parts)> = None;
    for &(year, month, day) in orders {
        let year = if two { 2000 + year } else { year };
        let tried = Parts { year: Some(year), month, day, ..*p };
        let Some(at) = assemble(&tried, None) else { continue };
        // Without anything to hold it against, the first order that is a date at all.
        let far = around.map_or(0, |a| at.duration_since(a).as_secs().unsigned_abs());
        if best.as_ref().is_none_or(|(least, _)| far < *least) {
            best = Some((far, tried));
        }
    }
    *p = best?.1;
    Some(done)
}

/// `Jan  5 10:00:00`, `Jan 05 2026 10:00:00`, `Jan 05, 2026 10:00:00 AM`, `Jan 05 10:00:00.123 2026`.
fn month_first(b: &[u8], i: usize, around: Option<Timestamp>) -> Option<Found> {
    let mut p = Parts { month: month(b, i)?, ..Parts::default() };
    let mut from = i + 3;
    while at(b, from) == b' ' {
        from += 1;
    }
    let day_end = digits_end(b, from);
    if from == i + 3 || !(1..=2).contains(&(day_end - from)) {
        return None;
    }
    p.day = number(b, from, day_end)?;
    let mut from = day_end;
    while matches!(at(b, from), b' ' | b',') {
        from += 1;
    }
    let run = digits_end(b, from);
    if run - from == 4 && matches!(at(b, run), b' ' | b',') {
        p.year = number(b, from, run);
        from = run;
        while matches!(at(b, from), b' ' | b',') {
            from += 1;
        }
    }
    let mut done = clock(b, from, &mut p)?;
    // The year of ctime() comes last.
    if p.year.is_none() && at(b, done) == b' ' && digits_end(b, done + 1) == done + 5 {
        let year = number(b, done + 1, done + 5).filter(|y| (1970..2200).contains(y));
        if year.is_some() && !at(b, done + 5).is_ascii_alphanumeric() {
            p.year = year;
            done += 5;
        }
    }
    Some(found(assemble(&p, around)?, &p, i, done))
}

/// The month that begins at `i`, from 1.
pub(super) fn month(b: &[u8], i: usize) -> Option<i64> {
    const NAMES: [&[u8; 3]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let part = b.get(i..i + 3)?;
    NAMES.iter().position(|n| n.eq_ignore_ascii_case(part)).map(|m| m as i64 + 1)
}

/// `10:00:00`, `10.00.00`, then fraction, AM or PM and zone; answers where it ends.
fn clock(b: &[u8], from: usize, p: &mut Parts) -> Option<usize> {
    let hour_end = digits_end(b, from);
    if !(1..=2).contains(&(hour_end - from)) {
        return None;
    }
    let separator = at(b, hour_end);
    if !matches!(separator, b':' | b'.') || at(b, hour_end + 3) != separator {
        return None;
    }
    let hour = number(b, from, hour_end)?;
    let minute = number(b, hour_end + 1, hour_end + 3)?;
    let second = number(b, hour_end + 4, hour_end + 6)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    p.second = hour * 3600 + minute * 60 + second.min(59);
    Some(tail(b, hour_end + 6, p))
}

/// `100000` as seconds of the day.
fn packed_clock(b: &[u8], from: usize) -> Option<i64> {
    let (hour, minute, second) =
        (number(b, from, from + 2)?, number(b, from + 2, from + 4)?, number(b, from + 4, from + 6)?);
    (hour < 24 && minute < 60 && second <= 60).then(|| hour * 3600 + minute * 60 + second.min(59))
}

/// What may follow the seconds.
fn tail(b: &[u8], from: usize, p: &mut Parts) -> usize {
    let mut i = from;
    if matches!(at(b, i), b'.' | b',' | b':') && at(b, i + 1).is_ascii_digit() {
        let end = digits_end(b, i + 1);
        let mut scale = 100_000_000;
        for c in &b[i + 1..end] {
            p.nanos += i32::from(c - b'0') * scale;
            scale /= 10;
        }
        i = end;
    }
    let space = usize::from(at(b, i) == b' ');
    let (x, y) = (at(b, i + space), at(b, i + space + 1));
    if matches!(x, b'A' | b'P' | b'a' | b'p')
        && matches!(y, b'M' | b'm')
        && !at(b, i + space + 2).is_ascii_alphanumeric()
    {
        let pm = x.eq_ignore_ascii_case(&b'P');
        let half = p.second % (DAY / 2);
        p.second = half + if pm { DAY / 2 } else { 0 };
        i += space + 2;
    }
    match zone(b, i) {
        Some((offset, end)) => {
            p.offset = Some(offset);
            end
        }
        None => i,
    }
}

/// `Z`, `+01:00`, `-0500`, `+00`, or a name that means one offset only; in seconds east.
fn zone(b: &[u8], from: usize) -> Option<(i64, usize)> {
    let i = from + usize::from(at(b, from) == b' ');
    match at(b, i) {
        b'Z' | b'z' if !at(b, i + 1).is_ascii_alphanumeric() => Some((0, i + 1)),
        sign @ (b'+' | b'-') => {
            let end = digits_end(b, i + 1);
            let (seconds, end) = match end - i - 1 {
                4 => (number(b, i + 1, i + 3)? * 3600 + number(b, i + 3, i + 5)? * 60, end),
                2 if at(b, end) == b':' && digits_end(b, end + 1) == end + 3 => {
                    (number(b, i + 1, end)? * 3600 + number(b, end + 1, end + 3)? * 60, end + 3)
                }
                // Only where nothing else can be meant: PostgreSQL writes `10:00:00.25+00`.
                2 if i == from => (number(b, i + 1, end)? * 3600, end),
                _ => return None,
            };
            (seconds <= 18 * 3600).then_some((if sign == b'-' { -seconds } else { seconds }, end))
        }
        c if c.is_ascii_uppercase() => {
            let end = i + b[i..].iter().take_while(|c| c.is_ascii_uppercase()).count();
            let hours = match &b[i..end] {
                b"UTC" | b"GMT" | b"WET" => 0,
                b"CET" | b"BST" | b"WEST" => 1,
                b"CEST" | b"EET" => 2,
                b"EEST" | b"MSK" => 3,
                b"JST" => 9,
                b"EDT" => -4,
                b"EST" | b"CDT" => -5,
                b"MDT" => -6,
                b"MST" | b"PDT" => -7,
                b"PST" => -8,
                _ => return None,
            };
            (!at(b, end).is_ascii_alphanumeric()).then_some((hours * 3600, end))
        }
        _ => None,
    }
}

/// Days since 1970 of a date of the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=9998).contains(&year) || day < 1 {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if day > longest {
        return None;
    }
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn stamp(day: i64, p: &Parts) -> Option<Timestamp> {
    Timestamp::new(day * DAY + p.second - p.offset.unwrap_or(0), p.nanos).ok()
}

fn assemble(p: &Parts, around: Option<Timestamp>) -> Option<Timestamp> {
    if let Some(year) = p.year {
        return stamp(days(year, p.month, p.day)?, p);
    }
    let Some(around) = around else { return stamp(days(2000, p.month, p.day)?, p) };
    let about = 1970 + (around.as_second() as f64 / 31_556_952.0).floor() as i64;
    nearest((about - 1..=about + 1).filter_map(|y| stamp(days(y, p.month, p.day)?, p)), around)
}

fn clock_only(p: &Parts, around: Option<Timestamp>) -> Option<Timestamp> {
    let around = around.or_else(|| Timestamp::from_second(days(2000, 1, 1)? * DAY + DAY / 2).ok())?;
    let today = around.as_second().div_euclid(DAY);
    nearest((today - 1..=today + 1).filter_map(|d| stamp(d, p)), around)
}

fn nearest(all: impl Iterator<Item = Timestamp>, around: Timestamp) -> Option<Timestamp> {
    all.min_by_key(|t| t.duration_since(around).as_millis().unsigned_abs())
}

/// Puts a time whose date was not said next to one that is known.
pub fn near(at: Timestamp, date: Date, around: Timestamp) -> Option<Timestamp> {
    let (day, second) = (at.as_second().div_euclid(DAY), at.as_second().rem_euclid(DAY));
    let p = Parts { second, nanos: at.subsec_nanosecond(), ..Parts::default() };
    match date {
        Date::Full => Some(at),
        Date::None => clock_only(&p, Some(around)),
        Date::NoYear => {
            let civil = jiff::tz::TimeZone::UTC.to_datetime(Timestamp::from_second(day * DAY).ok()?);
            let p = Parts { month: i64::from(civil.month()), day: i64::from(civil.day()), ..p };
            assemble(&p, Some(around))
        }
    }
}
