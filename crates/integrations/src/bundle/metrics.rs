//! `metrics/*.csv`: a wide table, first column time, one column a series. Read by hand and in blocks: such a table has
//! millions of cells. Takes what spreadsheets and dashboards export: other separators, decimal commas, thousands
//! separators, byte order marks, empty and non-finite cells; what is damaged is told with its line.

use std::borrow::Cow;
use std::collections::BTreeSet;

use firebell_core::telemetry::{Labels, Series};
use jiff::Timestamp;

use super::error::Broken;
use super::loglines::time;
use super::prometheus;

/// Most columns of one table.
const MAX_COLUMNS: usize = 200_000;
/// Most complaints about one block of a table.
const MAX_TOLD: usize = 5;
/// What exporters call the first column.
const TIME: [&str; 8] = ["time", "timestamp", "ts", "date", "datetime", "@timestamp", "_time", "unix"];

/// A table's first line.
pub(super) struct Header {
    separator: u8,
    /// One for each column after the first, without points; `None` for a column that is left out.
    pub series: Vec<Option<Series>>,
    /// What is wrong with it.
    pub broken: Vec<Broken>,
}

/// Rows of a table, by column.
#[derive(Default)]
pub(super) struct Rows {
    /// Points of each column.
    pub points: Vec<Vec<(i64, f64)>>,
    /// What was left out.
    pub broken: Vec<Broken>,
    /// Rows whose time named no zone.
    pub naive: usize,
    /// What clock the unix times are of, where it is not seconds.
    pub clock: Option<&'static str>,
}

/// Reads the first line.
pub(super) fn header(line: &[u8], name: &str) -> Result<Header, String> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    if line.starts_with(b"\xff\xfe") || line.starts_with(b"\xfe\xff") {
        return Err("is UTF-16; save it as UTF-8".into());
    }
    let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
    if line.trim().is_empty() {
        return Err("has no header: its first line is empty".into());
    }
    let first = |separator: u8| {
        let mut cells = Cells::new(line.as_bytes(), separator);
        let cell = cells.next().unwrap_or_default();
        (TIME.iter().any(|t| cell.trim_ascii().eq_ignore_ascii_case(t.as_bytes())), cells.count())
    };
    let separator = [b',', b';', b'\t', b'|']
        .into_iter()
        .map(|s| (first(s), s))
        .filter(|((named, _), _)| *named)
        .max_by_key(|((_, columns), s)| (*columns, *s == b','))
        .map(|(_, s)| s)
        .ok_or("first column must be named time")?;
    let mut out = Header { separator, series: Vec::new(), broken: Vec::new() };
    let mut seen = BTreeSet::new();
    for cell in Cells::new(line.as_bytes(), separator).skip(1) {
        if out.series.len() >= MAX_COLUMNS {
            return Err(format!("has more than {MAX_COLUMNS} columns"));
        }
        let heading = String::from_utf8_lossy(&cell).trim().to_owned();
        let new = heading.is_empty() || seen.insert(heading.clone());
        if !new && out.broken.len() < MAX_TOLD {
            let reason = format!("column {heading:?} is there twice; the first one is used");
            out.broken.push(Broken { file: name.to_owned(), line: 1, reason });
        }
        out.series.push((new && !heading.is_empty()).then(|| heading_of(&heading, name)));
    }
    Ok(out)
}

fn heading_of(column: &str, source: &str) -> Series {
    let (name, labels) = prometheus::parse_selector(column).unwrap_or((column.to_owned(), Labels::new()));
    let kind = prometheus::kind_of(&name, &labels);
    Series { source: source.to_owned(), name, labels, component: None, kind, points: Vec::new() }
}

/// Reads rows; `line` is the number of the first.
pub(super) fn rows(bytes: &[u8], line: u64, name: &str, header: &Header) -> Rows {
    let columns = header.series.len();
    // Rows are about as long as the first one.
    let length = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len()).max(1);
    let about = (bytes.len() / length + 1).min(1 << 16);
    let mut out =
        Rows { points: (0..columns).map(|_| Vec::with_capacity(about)).collect(), ..Rows::default() };
    let mut told = Told { name, broken: &mut out.broken, count: 0 };
    let mut number = line;
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let raw = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or(&[]);
        let here = number;
        number += 1;
        let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
        if raw.trim_ascii().is_empty() {
            continue;
        }
        let mut cells = Cells::new(raw, header.separator);
        let first = cells.next().unwrap_or_default();
        let Some(row) = clock(&first) else {
            told.push(here, format!("time {:?} is not a time", shown(&first)));
            continue;
        };
        out.naive += usize::from(row.naive);
        out.clock = out.clock.or(row.clock);
        let mut count = 0;
        for cell in cells.by_ref() {
            let Some(points) = out.points.get_mut(count) else {
                told.push(here, format!("has more cells than the {} of the header", columns + 1));
                break;
            };
            count += 1;
            match value(&cell, header.separator) {
                Cell::Number(v) => points.push((row.ms, v)),
                Cell::Missing => {}
                Cell::Wrong => {
                    if let Some(Some(series)) = header.series.get(count - 1) {
                        let reason =
                            format!("cell {:?} of column {:?} is not a number", shown(&cell), series.name);
                        told.push(here, reason);
                    }
                }
            }
        }
        if count < columns && !cells.open {
            told.push(here, format!("has {} cells, the header {}", count + 1, columns + 1));
        }
        if cells.open {
            told.push(here, "has a quotation mark that is not closed".into());
        }
    }
    told.finish();
    out
}

/// Puts the blocks of a table together.
pub(super) fn finish(header: Header, blocks: Vec<Rows>, broken: &mut Vec<Broken>, name: &str) -> Vec<Series> {
    broken.extend(header.broken);
    let mut series = header.series;
    let mut repeated = 0;
    for mut rows in blocks {
        broken.append(&mut rows.broken);
        for (target, mut points) in series.iter_mut().zip(rows.points) {
            if let Some(target) = target {
                if target.points.is_empty() {
                    target.points = points;
                } else {
                    target.points.append(&mut points);
                }
            }
        }
    }
    let mut out: Vec<Series> = series.into_iter().flatten().filter(|s| !s.points.is_empty()).collect();
    for s in &mut out {
        let before = s.points.len();
        prometheus::order(&mut s.points);
        s.points.shrink_to_fit();
        repeated = repeated.max(before - s.points.len());
    }
    if repeated > 0 {
        let reason = format!("{repeated} rows repeat a time; the last of each is used");
        broken.push(Broken { file: name.to_owned(), line: 0, reason });
    }
    out
}

struct Told<'a> {
    name: &'a str,
    broken: &'a mut Vec<Broken>,
    count: usize,
}

impl Told<'_> {
    fn push(&mut self, line: u64, reason: String) {
        // One message a cell would be a flood: the first few are enough.
        if self.count < MAX_TOLD {
            self.broken.push(Broken { file: self.name.to_owned(), line, reason });
        }
        self.count += 1;
    }

    fn finish(self) {
        if self.count > MAX_TOLD {
            let reason = format!("{} complaints of this kind in all", self.count);
            self.broken.push(Broken { file: self.name.to_owned(), line: 0, reason });
        }
    }
}

fn shown(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).chars().take(60).collect()
}

/// The cells of one line.
struct Cells<'a> {
    rest: Option<&'a [u8]>,
    separator: u8,
    open: bool,
}

impl<'a> Cells<'a> {
    fn new(line: &'a [u8], separator: u8) -> Self {
        Self { rest: Some(line), separator, open: false }
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cow<'a, [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest?;
        if rest.first() == Some(&b'"') {
            let mut out = Vec::new();
            let mut i = 1;
            loop {
                let Some(quote) = memchr::memchr(b'"', rest.get(i..).unwrap_or(&[])) else {
                    self.open = true;
                    self.rest = None;
                    out.extend_from_slice(rest.get(i..).unwrap_or(&[]));
                    return Some(Cow::Owned(out));
                };
                out.extend_from_slice(&rest[i..i + quote]);
                i += quote + 1;
                if rest.get(i) != Some(&b'"') {
                    break;
                }
                out.push(b'"');
                i += 1;
            }
            let after = &rest[i..];
            let end = memchr::memchr(self.separator, after);
            self.rest = end.map(|e| &after[e + 1..]);
            return Some(Cow::Owned(out));
        }
        // Cells are short: a plain loop is faster than a search that has to be set up.
        match rest.iter().position(|b| *b == self.separator) {
            Some(end) => {
                self.rest = Some(&rest[end + 1..]);
                Some(Cow::Borrowed(&rest[..end]))
            }
            None => {
                self.rest = None;
                Some(Cow::Borrowed(rest))
            }
        }
    }
}

enum Cell {
    Number(f64),
    Missing,
    Wrong,
}

fn value(cell: &[u8], separator: u8) -> Cell {
    let cell = cell.trim_ascii();
    if cell.is_empty() {
        return Cell::Missing;
    }
    let Ok(text) = std::str::from_utf8(cell) else { return Cell::Wrong };
    if let Ok(v) = text.parse::<f64>() {
        return if v.is_finite() { Cell::Number(v) } else { Cell::Missing };
    }
    const NONE: [&str; 9] = ["null", "none", "n/a", "na", "-", "undefined", "#n/a", "+inf", "missing"];
    if NONE.iter().any(|n| text.eq_ignore_ascii_case(n)) {
        return Cell::Missing;
    }
    // `1,234.5` where a comma cannot separate cells or was quoted; `0,5` where a semicolon separates them.
    let thousands = |text: &str, mark: char, point: char| {
        let (whole, fraction) = text.split_once(point).unwrap_or((text, ""));
        let mut groups = whole.trim_start_matches('-').split(mark);
        let first = groups.next().is_some_and(|g| (1..=3).contains(&g.len()));
        let mut more = false;
        let three = groups.all(|g| {
            more = true;
            g.len() == 3
        });
        let text =
            format!("{}.{}", whole.replace(mark, ""), if fraction.is_empty() { "0" } else { fraction });
        (first && three && more).then(|| text.parse::<f64>().ok()).flatten()
    };
    let decimal_comma = || {
        (separator != b',' && text.matches(',').count() == 1)
            .then(|| text.replace(',', ".").parse::<f64>().ok())
            .flatten()
    };
    let read = if separator == b',' {
        thousands(text, ',', '.').or_else(|| thousands(text, ' ', '.'))
    } else {
        thousands(text, '.', ',').or_else(decimal_comma).or_else(|| thousands(text, ' ', ','))
    };
    match read {
        Some(v) if v.is_finite() => Cell::Number(v),
        _ => Cell::Wrong,
    }
}

/// A row's time.
struct Row {
    ms: i64,
    naive: bool,
    clock: Option<&'static str>,
}

fn clock(cell: &[u8]) -> Option<Row> {
    let text = std::str::from_utf8(cell.trim_ascii()).ok()?;
    if let Ok(n) = text.parse::<f64>() {
        if !n.is_finite() {
            return None;
        }
        let (ms, name) = match time::unit(n) {
            // Small numbers are seconds too: tests and simulations count from zero.
            None if n.abs() < 1e8 => (n * 1e3, "seconds"),
            None => return None,
            Some((scale, name)) => (n * (scale as f64 / 1e6), name),
        };
        return Some(Row { ms: ms.round() as i64, naive: false, clock: (name != "seconds").then_some(name) });
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Row { ms: at.as_millisecond(), naive: false, clock: None });
    }
    let found = time::find(text, None).filter(|f| f.start == 0 && f.date == time::Date::Full)?;
    Some(Row { ms: found.at.as_millisecond(), naive: !found.zoned, clock: None })
}
