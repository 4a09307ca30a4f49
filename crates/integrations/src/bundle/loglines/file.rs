//! All lines of a file, or of a block of one.

use std::borrow::Cow;

use firebell_core::telemetry::LogLine;

use super::line::{Context, Parsed, parse};
use super::time::Date;
use super::{Joiner, journal, json};
use crate::bundle::error::Broken;

/// Most complaints about one file, or one block of it: the first few tell what is wrong.
const MAX_TOLD: usize = 5;

/// What lines became.
#[derive(Debug, Default)]
pub struct Lines {
    /// The records, in the order of the lines.
    pub records: Vec<LogLine>,
    /// Lines that were left out or changed, with the reason.
    pub broken: Vec<Broken>,
    /// How many records have a time without a zone.
    pub naive: usize,
    /// Records whose time lacks the year or the date, by their place in `records`.
    pub undated: Vec<(usize, Date)>,
}

/// Whether a file holds one JSON object a line, or lines of any format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Any.
    Any,
    /// `.jsonl`: what is no JSON object is reported.
    Json,
}

/// Whether a line begins a record whatever came before it.
pub fn begins(raw: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(raw) else { return false };
    let parsed = parse(text, 0, &Context { source: "", component: None, around: None });
    parsed.begins && !parsed.partial
}

/// Reads lines of raw text.
pub fn plain(text: &str, source: &str, component: &str) -> Vec<LogLine> {
    read(text.as_bytes(), Form::Any, &Context { source, component: Some(component), around: None }).records
}

/// Reads all lines of `bytes`; their numbers begin at 1.
pub fn read(bytes: &[u8], form: Form, cx: &Context<'_>) -> Lines {
    let mut out = Lines::default();
    let mut joiner = Joiner::default();
    if journal::is_export(bytes) {
        journal::records(bytes, cx, &mut |parsed| keep(parsed, &mut joiner, &mut out));
        out.records = joiner.records;
        return out;
    }
    // A guess of the usual length of a line, so that the list does not double past what it needs.
    joiner.records.reserve(bytes.len() / 160);
    let mut damage = Damage::default();
    let mut number = 0u64;
    let mut rest = bytes;
    while !rest.is_empty() {
        number += 1;
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let raw = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or(&[]);
        let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
        let text = damage.text(raw, number);
        if text.trim_ascii().is_empty() {
            continue;
        }
        match form {
            Form::Any => keep(parse(&text, number, cx), &mut joiner, &mut out),
            Form::Json => match json_line(&text, number, cx) {
                Ok(parsed) => keep(parsed, &mut joiner, &mut out),
                Err(reason) => {
                    damage.bad += 1;
                    if damage.bad <= MAX_TOLD as u64 {
                        out.broken.push(Broken { file: cx.source.to_owned(), line: number, reason });
                    }
                }
            },
        }
    }
    damage.tell(cx.source, &mut out.broken);
    out.records = joiner.records;
    out
}

fn json_line<'a>(text: &'a str, number: u64, cx: &Context<'_>) -> Result<Parsed<'a>, String> {
    let trimmed = text.trim().trim_start_matches('\u{feff}');
    if !trimmed.starts_with('{') {
        return Err("is not a JSON object".into());
    }
    let mut out = Parsed::new(number, cx);
    match json::into(trimmed, cx, &mut out) {
        Ok(()) => Ok(out),
        Err(e) => Err(format!("is not JSON: {e}")),
    }
}

fn keep(parsed: Parsed<'_>, joiner: &mut Joiner, out: &mut Lines) {
    let (naive, date, timed) = (parsed.naive, parsed.date, parsed.line.at.is_some());
    let before = joiner.records.len();
    joiner.push(parsed);
    if joiner.records.len() > before && timed {
        out.naive += usize::from(naive);
        if date != Date::Full {
            out.undated.push((before, date));
        }
    }
}

/// Bytes that no text holds, and how many lines have them.
#[derive(Default)]
struct Damage {
    invalid: u64,
    invalid_at: u64,
    nul: u64,
    nul_at: u64,
    bad: u64,
}

impl Damage {
    /// A line as text: invalid UTF-8 becomes the replacement character, NUL bytes (a file that was cut while it was
    /// written is full of them) are left out.
    fn text<'a>(&mut self, raw: &'a [u8], number: u64) -> Cow<'a, str> {
        let text = match std::str::from_utf8(raw) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => {
                self.invalid += 1;
                if self.invalid == 1 {
                    self.invalid_at = number;
                }
                String::from_utf8_lossy(raw)
            }
        };
        if memchr::memchr(0, text.as_bytes()).is_none() {
            return text;
        }
        self.nul += 1;
        if self.nul == 1 {
            self.nul_at = number;
        }
        Cow::Owned(text.replace('\0', ""))
    }

    fn tell(&self, source: &str, broken: &mut Vec<Broken>) {
        let mut push = |line, reason| broken.push(Broken { file: source.to_owned(), line, reason });
        if self.invalid > 0 {
            push(
                self.invalid_at,
                format!(
                    "is not UTF-8 ({} lines of this part): bytes that are no text were replaced",
                    self.invalid
                ),
            );
        }
        if self.nul > 0 {
            push(
                self.nul_at,
                format!("holds NUL bytes ({} lines of this part): they were left out", self.nul),
            );
        }
        if self.bad > MAX_TOLD as u64 {
            push(0, format!("{} lines in all are not JSON objects", self.bad));
        }
    }
}
