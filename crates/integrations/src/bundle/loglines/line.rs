//! One line to one record: what is in front is taken off, then the format that the first bytes point to is tried.

use std::borrow::Cow;

use firebell_core::telemetry::{Labels, LogLine};
use jiff::Timestamp;

use super::prefix::{self, Prefix};
use super::time::Date;
use super::{access, cut, json, level, logfmt, syslog, time};

/// What is known about a line before it is read.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Where it is from.
    pub source: &'a str,
    /// Whose it is, where the line itself does not say.
    pub component: Option<&'a str>,
    /// A time near it: settles the year, or the day, of times that have none.
    pub around: Option<Timestamp>,
}

/// A record, and what joining and telling need to know about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<'a> {
    /// The record.
    pub line: LogLine,
    /// The container or stream that it came by, where many share a file.
    pub stream: Option<&'a str>,
    /// What the program wrote has a time or a form of its own: it begins a record.
    pub begins: bool,
    /// The runtime broke the line: the next of this stream goes on with it.
    pub partial: bool,
    /// Its time named no zone.
    pub naive: bool,
    /// How much of the date its time named.
    pub date: Date,
}

impl Parsed<'_> {
    /// A record of which only the place is known.
    pub(super) fn new(number: u64, cx: &Context<'_>) -> Self {
        Self {
            line: LogLine {
                source: cx.source.to_owned(),
                line: number,
                component: cx.component.map(str::to_owned),
                at: None,
                level: None,
                text: String::new(),
                fields: Labels::new(),
                trace_id: None,
            },
            stream: None,
            begins: false,
            partial: false,
            naive: false,
            date: Date::Full,
        }
    }
}

/// Reads one line of whatever format.
pub fn record(raw: &str, source: &str, number: u64, component: Option<&str>) -> LogLine {
    parse(raw, number, &Context { source, component, around: None }).line
}

/// Reads one line of whatever format.
pub fn parse<'a>(raw: &'a str, number: u64, cx: &Context<'_>) -> Parsed<'a> {
    let raw = raw.strip_prefix('\u{feff}').unwrap_or(raw);
    let (prefix, payload) = prefix::split(raw);
    let mut out = Parsed::new(number, cx);
    inner(payload, cx, &mut out);
    if let Some(prefix) = prefix {
        wrapped(prefix, cx, &mut out);
    }
    out
}

/// A line without anything in front.
pub(super) fn inner(payload: &str, cx: &Context<'_>, out: &mut Parsed<'_>) {
    let clean = prefix::without_colours(payload);
    let trimmed = clean.trim();
    let known = match trimmed.as_bytes() {
        [b'{', ..] => json::line(trimmed, cx, out),
        [b'I' | b'W' | b'E' | b'F', d, ..] if d.is_ascii_digit() => syslog::klog_into(trimmed, cx, out),
        [b'<', ..] => syslog::syslog_into(trimmed, cx, out),
        [a, ..] if a.is_ascii_uppercase() && time::month(trimmed.as_bytes(), 0).is_some() => {
            syslog::syslog_into(trimmed, cx, out)
        }
        [..] => access::into(trimmed, cx, out) || logfmt::line(trimmed, cx, out),
    };
    if known {
        // What a JSON object of a container runtime holds is a line of its own, and may begin nothing.
        out.begins |= !trimmed.starts_with('{');
        return;
    }
    let found = time::find(trimmed, cx.around);
    set_time(out, found);
    // A time in the middle of a sentence begins nothing.
    out.begins = found.is_some_and(|f| f.start <= 48);
    out.line.level = level::leading(trimmed).map(str::to_owned);
    out.line.text = match clean {
        Cow::Borrowed(text) => cut(text.trim_end()).to_owned(),
        Cow::Owned(text) => cut(text.trim_end()).to_owned(),
    };
}

/// Takes over a time that was found.
pub(super) fn set_time(out: &mut Parsed<'_>, found: Option<time::Found>) {
    if let Some(f) = found {
        out.line.at = Some(f.at);
        out.naive = !f.zoned;
        out.date = f.date;
    }
}

fn wrapped<'a>(prefix: Prefix<'a>, cx: &Context<'_>, out: &mut Parsed<'a>) {
    out.stream = Some(prefix.stream);
    out.partial = prefix.partial;
    if let Some(at) = prefix.at {
        // The runtime's clock names its zone; the program's often does not.
        out.line.at = Some(at);
        (out.naive, out.date) = (false, Date::Full);
    }
    if let Some(container) = prefix.container {
        out.line.fields.insert("container".into(), container.to_owned());
        let stem = cx.component.unwrap_or("");
        let plain = stem.rsplit('/').next().unwrap_or(stem);
        if plain.is_empty() || !container.contains(plain) {
            out.line.component = Some(prefix::owner(container).to_owned());
        }
    }
}
