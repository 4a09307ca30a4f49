//! The formats of daemons: klog (`I0105 10:00:00.000000`), syslog of RFC 3164 and of RFC 5424.

use firebell_core::telemetry::LogLine;
use jiff::Timestamp;

use super::line::{Context, Parsed, set_time};
use super::time::Date;
use super::{cut, level, time};

/// Reads a klog line into `line`; answers whether it is one. `around` settles the year.
pub fn klog(raw: &str, around: Option<Timestamp>, line: &mut LogLine) -> bool {
    alone(raw, around, line, klog_into)
}

/// Reads a syslog line into `line`; answers whether it is one. `around` settles the year.
pub fn syslog(raw: &str, around: Option<Timestamp>, line: &mut LogLine) -> bool {
    alone(raw, around, line, syslog_into)
}

/// Runs one format's reader on a record that is already begun.
pub(super) fn alone(
    raw: &str,
    around: Option<Timestamp>,
    line: &mut LogLine,
    reader: fn(&str, &Context<'_>, &mut Parsed<'_>) -> bool,
) -> bool {
    let cx = Context { source: "", component: None, around };
    let mut out = Parsed { line: line.clone(), ..Parsed::new(0, &cx) };
    let known = reader(raw, &cx, &mut out);
    if known {
        *line = out.line;
    }
    known
}

/// `E0105 10:00:00.123456   1 reconcile.go:42] text`.
pub(super) fn klog_into(raw: &str, cx: &Context<'_>, out: &mut Parsed<'_>) -> bool {
    let b = raw.as_bytes();
    if b.len() < 22 || !b[1..5].iter().all(u8::is_ascii_digit) || b[5] != b' ' || b[8] != b':' {
        return false;
    }
    let level = match b[0] {
        b'I' => "info",
        b'W' => "warn",
        b'E' => "error",
        b'F' => "fatal",
        _ => return false,
    };
    let Some((head, text)) = raw.split_once("] ").or_else(|| raw.strip_suffix(']').map(|h| (h, ""))) else {
        return false;
    };
    let mut words = head[6..].split_ascii_whitespace();
    let (Some(clock), Some(_thread), Some(place), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return false;
    };
    if !place.contains(':') {
        return false;
    }
    let Some(found) = time::find(&format!("{}-{} {clock}", &head[1..3], &head[3..5]), cx.around) else {
        return false;
    };
    set_time(out, Some(found));
    out.line.level = Some(level.to_owned());
    out.line.fields.insert("file".into(), place.to_owned());
    out.line.text = cut(text).to_owned();
    true
}

/// `<11>Jan  5 10:00:00 host app[12]: text` or `<11>1 2026-01-05T10:00:00Z host app 12 - - text`.
pub(super) fn syslog_into(raw: &str, cx: &Context<'_>, out: &mut Parsed<'_>) -> bool {
    let (priority, rest) = match raw.strip_prefix('<') {
        Some(after) => match after.split_once('>') {
            Some((n, rest)) => match level::priority(n) {
                Some(level) => (Some(level), rest),
                None => return false,
            },
            None => return false,
        },
        None => (None, raw),
    };
    if priority.is_some()
        && let Some(structured) = rest.strip_prefix("1 ")
    {
        return structured_syslog(structured, priority, out);
    }
    let Some(found) = time::find(rest, cx.around).filter(|f| f.start == 0) else { return false };
    // Others write whole dates too; without a priority only the classic form is sure.
    if priority.is_none() && found.date == Date::Full {
        return false;
    }
    let mut parts = rest[found.end..].trim_start().splitn(2, ' ');
    let (Some(host), Some(rest)) = (parts.next(), parts.next()) else { return false };
    let rest = rest.trim_start();
    let Some(colon) = rest.find(": ").or_else(|| rest.strip_suffix(':').map(str::len)) else { return false };
    let tag = &rest[..colon];
    if host.is_empty() || tag.is_empty() || tag.contains(char::is_whitespace) {
        return false;
    }
    let text = rest[colon + 1..].trim_start();
    set_time(out, Some(found));
    // What the program itself says in its text counts for more than a missing priority.
    out.line.level = priority.or_else(|| level::leading(text)).map(str::to_owned);
    let (app, pid) = match tag.strip_suffix(']').and_then(|t| t.rsplit_once('[')) {
        Some((app, pid)) => (app, Some(pid)),
        None => (tag, None),
    };
    for (name, value) in [("host", Some(host)), ("app", Some(app)), ("pid", pid)] {
        if let Some(value) = value {
            out.line.fields.insert(name.into(), value.to_owned());
        }
    }
    out.line.text = cut(text).to_owned();
    true
}

fn structured_syslog(rest: &str, priority: Option<&str>, out: &mut Parsed<'_>) -> bool {
    let mut words = rest.splitn(6, ' ');
    let (Some(at), Some(host), Some(app), Some(pid), Some(_id), Some(rest)) =
        (words.next(), words.next(), words.next(), words.next(), words.next(), words.next())
    else {
        return false;
    };
    let Some(text) = after_elements(rest) else { return false };
    set_time(out, time::find(at, None));
    out.line.level = priority.map(str::to_owned);
    for (name, value) in [("host", host), ("app", app), ("pid", pid)] {
        if value != "-" {
            out.line.fields.insert(name.into(), value.to_owned());
        }
    }
    out.line.text = cut(text.trim_start_matches('\u{feff}')).to_owned();
    true
}

/// What follows the structured data of RFC 5424: `-`, or elements in brackets with `\]` escaped.
fn after_elements(rest: &str) -> Option<&str> {
    if let Some(rest) = rest.strip_prefix('-') {
        return Some(rest.strip_prefix(' ').unwrap_or(rest));
    }
    let mut rest = rest;
    let mut any = false;
    while let Some(inside) = rest.strip_prefix('[') {
        let b = inside.as_bytes();
        let mut i = 0;
        loop {
            i += memchr::memchr2(b']', b'\\', b.get(i..)?)?;
            if b[i] == b']' {
                break;
            }
            i += 2;
        }
        rest = &inside[i + 1..];
        any = true;
    }
    any.then(|| rest.strip_prefix(' ').unwrap_or(rest))
}
