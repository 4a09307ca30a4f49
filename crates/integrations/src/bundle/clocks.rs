//! Clocks that do not agree: times without a zone are taken as UTC and told; a source that is off against the others
//! by whole half hours (a zone that nobody named, or one named wrongly) is told, and put right where that is safe.
//!
//! A source counts as off if its first and its last time both differ from those that the others share by the same
//! number of half hours, to within [`TOLERANCE_S`]. It is put right if at least two others agree with each other, or
//! the bundle names its window, and nothing else in the bundle covers the same series or component: then it is not a
//! recording of another period.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::{Series, Telemetry};
use jiff::{SignedDuration, Timestamp};

use super::error::Broken;
use super::loglines::time::Date;
use super::read::Loaded;

/// Sources recorded together begin and end together to within so many seconds.
const TOLERANCE_S: i64 = 180;
const HALF_HOUR: i64 = 1800;
/// Zones lie within so many half hours of each other.
const MOST: i64 = 28;

/// Where the telemetry of one file is, and what its clock said.
pub(super) struct Seen {
    name: String,
    own: bool,
    pub naive: usize,
    pub clock: Option<&'static str>,
    series: (usize, usize),
    logs: (usize, usize),
    spans: (usize, usize),
}

impl Seen {
    pub(super) fn new(name: &str, own: bool, t: &Telemetry) -> Self {
        let at = |n: usize| (n, n);
        Self {
            name: name.to_owned(),
            own,
            naive: 0,
            clock: None,
            series: at(t.series.len()),
            logs: at(t.logs.len()),
            spans: at(t.spans.len()),
        }
    }

    pub(super) fn end(&mut self, t: &Telemetry) {
        self.series.1 = t.series.len();
        self.logs.1 = t.logs.len();
        self.spans.1 = t.spans.len();
    }

    /// First and last time, unix seconds.
    fn range(&self, t: &Telemetry) -> Option<(i64, i64)> {
        let mut range: Option<(i64, i64)> = None;
        let mut add = |second: i64| {
            range = Some(range.map_or((second, second), |(a, b)| (a.min(second), b.max(second))));
        };
        for s in t.series.get(self.series.0..self.series.1)? {
            s.points.first().into_iter().chain(s.points.last()).for_each(|p| add(p.0.div_euclid(1000)));
        }
        for l in t.logs.get(self.logs.0..self.logs.1)? {
            l.at.iter().for_each(|at| add(at.as_second()));
        }
        for s in t.spans.get(self.spans.0..self.spans.1)? {
            add(s.start_us.div_euclid(1_000_000));
        }
        range
    }

    fn what(&self, t: &Telemetry) -> BTreeSet<String> {
        let series = t.series.get(self.series.0..self.series.1).into_iter().flatten().map(Series::selector);
        let logs = t.logs.get(self.logs.0..self.logs.1).into_iter().flatten();
        let mut out: BTreeSet<String> = series.collect();
        let mut last = None;
        for l in logs {
            if l.component != last {
                last.clone_from(&l.component);
                out.insert(format!("log {}", l.component.as_deref().unwrap_or("")));
            }
        }
        if self.spans.1 > self.spans.0 {
            out.insert("spans".into());
        }
        out
    }
}

/// A time that undated ones are put next to: that of the window, else of what is dated.
pub(super) fn around(t: &Telemetry, undated: &[(usize, Date)]) -> Option<Timestamp> {
    if let Some(w) = t.window {
        return w.start.checked_add(w.end.duration_since(w.start) / 2).ok();
    }
    if t.impact_started_at.is_some() {
        return t.impact_started_at;
    }
    let undated: BTreeSet<usize> = undated.iter().map(|(i, _)| *i).collect();
    let series = t.series.iter().filter_map(|s| s.points.get(s.points.len() / 2)).map(|p| p.0);
    let spans = t.spans.iter().step_by(1 + t.spans.len() / 1000).map(|s| s.start_us / 1000);
    let alerts = t.alerts.iter().filter_map(|a| a.starts_at).map(Timestamp::as_millisecond);
    let changes = t.changes.iter().map(|c| c.at.as_millisecond());
    let events = t.events.iter().map(|e| e.at.as_millisecond());
    let logs = t
        .logs
        .iter()
        .enumerate()
        .filter(|(i, _)| !undated.contains(i))
        .filter_map(|(_, l)| l.at)
        // A line without any time has that of an undated one before it.
        .filter(|at| at.as_second() > 1_000_000_000)
        .map(Timestamp::as_millisecond)
        .take(10_000);
    let mut all: Vec<i64> =
        series.chain(spans).chain(alerts).chain(changes).chain(events).chain(logs).collect();
    all.sort_unstable();
    all.get(all.len() / 2).and_then(|ms| Timestamp::from_millisecond(*ms).ok())
}

/// Tells what was assumed, and puts right what is surely off.
pub(super) fn settle(seen: &[Seen], out: &mut Loaded) {
    for s in seen {
        let mut note = |reason| out.notes.push(Broken { file: s.name.clone(), line: 0, reason });
        if s.naive > 0 {
            note(format!("{} times name no zone: taken as UTC", s.naive));
        }
        if let Some(clock) = s.clock {
            note(format!("its unix times are {clock}"));
        }
    }
    // Beside a single other source nobody knows which of the two is off.
    let ranges: Vec<(usize, (i64, i64))> = seen
        .iter()
        .enumerate()
        .filter(|(_, s)| s.own)
        .filter_map(|(i, s)| Some((i, s.range(&out.telemetry)?)))
        .filter(|(_, (a, b))| b - a > 4 * TOLERANCE_S)
        .collect();
    let window = out.telemetry.window.map(|w| (w.start.as_second(), w.end.as_second()));
    let mut shifts: Vec<(usize, i64, bool)> = Vec::new();
    for (i, range) in &ranges {
        let others: Vec<(i64, i64)> = ranges.iter().filter(|(j, _)| j != i).map(|(_, r)| *r).collect();
        let Some((usual, agree)) = most(&others) else { continue };
        let Some(shift) = off(*range, usual) else { continue };
        // The window may be wider than what was recorded: it confirms if the source lies in it only once put right.
        let declared = window.is_some_and(|w| inside(moved(*range, -shift), w) && !inside(*range, w));
        let known = agree >= 2 && agree * 2 > others.len();
        if known || declared {
            shifts.push((*i, shift, known || declared));
        }
    }
    let mut named: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    if !shifts.is_empty() {
        for (i, _) in &ranges {
            named.insert(*i, seen[*i].what(&out.telemetry));
        }
    }
    for (i, shift, sure) in shifts {
        let what = &named[&i];
        let other_period = named.iter().any(|(j, w)| *j != i && w.intersection(what).next().is_some());
        let hours = shift as f64 / 3600.0;
        let s = &seen[i];
        let told = format!(
            "its times are {} h {} those of the other sources",
            hours.abs(),
            if shift > 0 { "ahead of" } else { "behind" }
        );
        let reason = if sure && !other_period {
            correct(s, -shift, &mut out.telemetry);
            format!("{told}: put right")
        } else {
            format!("{told}; left as they are: other files hold the same series or component for that time")
        };
        out.telemetry.gaps.push(format!("{}: {reason}", s.name));
        out.notes.push(Broken { file: s.name.clone(), line: 0, reason });
    }
}

/// The range that most share, and how many do.
fn most(ranges: &[(i64, i64)]) -> Option<((i64, i64), usize)> {
    ranges
        .iter()
        .map(|r| (*r, ranges.iter().filter(|o| near(**o, *r)).count()))
        .max_by_key(|(r, n)| (*n, std::cmp::Reverse(*r)))
}

fn near(a: (i64, i64), b: (i64, i64)) -> bool {
    (a.0 - b.0).abs() <= TOLERANCE_S && (a.1 - b.1).abs() <= TOLERANCE_S
}

fn moved(r: (i64, i64), by: i64) -> (i64, i64) {
    (r.0 + by, r.1 + by)
}

fn inside(r: (i64, i64), w: (i64, i64)) -> bool {
    r.0 >= w.0 - TOLERANCE_S && r.1 <= w.1 + TOLERANCE_S
}

/// By how many seconds, whole half hours, a range is off.
fn off(range: (i64, i64), usual: (i64, i64)) -> Option<i64> {
    let halves = (range.0 - usual.0 + HALF_HOUR / 2).div_euclid(HALF_HOUR);
    let shift = halves * HALF_HOUR;
    (halves != 0 && halves.abs() <= MOST && near(moved(range, -shift), usual)).then_some(shift)
}

fn correct(s: &Seen, by: i64, t: &mut Telemetry) {
    for series in t.series.get_mut(s.series.0..s.series.1).into_iter().flatten() {
        series.points.iter_mut().for_each(|p| p.0 += by * 1000);
    }
    for line in t.logs.get_mut(s.logs.0..s.logs.1).into_iter().flatten() {
        line.at = line.at.and_then(|at| at.checked_add(SignedDuration::from_secs(by)).ok());
    }
    for span in t.spans.get_mut(s.spans.0..s.spans.1).into_iter().flatten() {
        span.start_us = span.start_us.saturating_add(by * 1_000_000);
    }
}
