//! Public holidays out of an iCalendar file: events of whole days, once or every year.

use jiff::Span;
use jiff::civil::Date;

use super::lines::{Line, read, unescaped};
use crate::model::Holiday;

/// More days than any list of holidays has; a file that gives more is not one.
const MOST: usize = 20_000;
/// An event that lasts longer is no holiday.
const LONGEST_DAYS: i64 = 366;

/// The holidays of a calendar file. Events with a time of day, and those that are called off, are none. Those that
/// return every year are taken up to `last_year`.
///
/// # Errors
/// Names the line, and what of it is not understood.
pub fn holidays(text: &str, last_year: i16) -> Result<Vec<Holiday>, String> {
    let lines = read(text)?;
    if !lines.iter().any(|l| l.name == "BEGIN" && l.value.eq_ignore_ascii_case("VCALENDAR")) {
        return Err("it has no BEGIN:VCALENDAR; it is no iCalendar file".to_owned());
    }
    let mut all = Vec::new();
    let mut event: Option<Vec<&Line>> = None;
    let mut nested = 0;
    for line in &lines {
        match (line.name.as_str(), &mut event) {
            ("BEGIN", None) if line.value.eq_ignore_ascii_case("VEVENT") => event = Some(Vec::new()),
            // An alarm within an event.
            ("BEGIN", Some(_)) => nested += 1,
            ("END", Some(_)) if nested > 0 => nested -= 1,
            ("END", Some(lines)) => {
                all.extend(days(lines, last_year)?);
                event = None;
                if all.len() > MOST {
                    return Err(format!("it has more than {MOST} days; it is no calendar of holidays"));
                }
            }
            (_, Some(lines)) if nested == 0 => lines.push(line),
            _ => {}
        }
    }
    if event.is_some() {
        return Err("its last event does not end; the file is cut off".to_owned());
    }
    all.sort();
    all.dedup();
    Ok(all)
}

/// The days of one event.
fn days(event: &[&Line], last_year: i16) -> Result<Vec<Holiday>, String> {
    let line = |name: &str| event.iter().find(|l| l.name == name);
    let Some(start) = line("DTSTART") else { return Ok(Vec::new()) };
    let cancelled = line("STATUS").is_some_and(|l| l.value.trim().eq_ignore_ascii_case("CANCELLED"));
    if cancelled || start.value.contains('T') {
        return Ok(Vec::new());
    }
    let first = date(start, &start.value)?;
    let end = line("DTEND").filter(|l| !l.value.contains('T'));
    // The end is not of the event any more; without one it is one day.
    let length = match end {
        Some(end) => (date(end, &end.value)?.duration_since(first).as_hours() / 24).max(1),
        None => 1,
    };
    if length > LONGEST_DAYS {
        return Err(format!("line {}: the event lasts {length} days; it is no holiday", start.number));
    }
    let mut except = Vec::new();
    for line in event.iter().filter(|l| l.name == "EXDATE") {
        for value in line.value.split(',') {
            except.push(date(line, value)?);
        }
    }
    let name = line("SUMMARY").map(|l| unescaped(&l.value)).unwrap_or_default();
    let mut all = Vec::new();
    for first in starts(first, line("RRULE").copied(), last_year)?.into_iter().filter(|d| !except.contains(d))
    {
        for later in 0..length {
            if let Ok(date) = first.checked_add(Span::new().days(later)) {
                all.push(Holiday { date, name: name.clone() });
            }
        }
    }
    Ok(all)
}

/// The first days of an event that may return every year.
fn starts(first: Date, rule: Option<&Line>, last_year: i16) -> Result<Vec<Date>, String> {
    let Some(rule) = rule else { return Ok(vec![first]) };
    let not = |what: &str| {
        format!(
            "line {}: {what} is not understood; only events that return on the same date every year are",
            rule.number
        )
    };
    let (mut yearly, mut every, mut count, mut until) = (false, 1i16, usize::MAX, Date::MAX);
    for part in rule.value.trim().split(';').filter(|p| !p.is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(|| not(part))?;
        match name.to_ascii_uppercase().as_str() {
            "FREQ" => yearly = value.eq_ignore_ascii_case("YEARLY"),
            "INTERVAL" => every = value.parse().ok().filter(|n| *n > 0).ok_or_else(|| not(part))?,
            "COUNT" => count = value.parse().map_err(|_| not(part))?,
            "UNTIL" => until = date(rule, value.split('T').next().unwrap_or_default())?,
            "BYMONTH" if value == first.month().to_string() => {}
            "BYMONTHDAY" if value == first.day().to_string() => {}
            "WKST" => {}
            _ => return Err(not(part)),
        }
    }
    if !yearly {
        return Err(not(&rule.value));
    }
    let years = (first.year()..=last_year.min(until.year())).step_by(usize::try_from(every).unwrap_or(1));
    // The 29th of February returns in leap years only.
    let dates = years.filter_map(|y| Date::new(y, first.month(), first.day()).ok());
    Ok(dates.filter(|d| *d <= until).take(count).collect())
}

/// `20261224`.
fn date(line: &Line, value: &str) -> Result<Date, String> {
    let value = value.trim();
    let part = |range: std::ops::Range<usize>| value.get(range).and_then(|t| t.parse::<i16>().ok());
    let whole = value.len() == 8 && value.bytes().all(|b| b.is_ascii_digit());
    whole
        .then(|| Date::new(part(0..4)?, part(4..6)?.try_into().ok()?, part(6..8)?.try_into().ok()?).ok())
        .flatten()
        .ok_or_else(|| format!("line {}: `{value}` is no date; write YYYYMMDD", line.number))
}
