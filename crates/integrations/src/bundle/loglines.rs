//! Log lines of any format: JSON objects, logfmt, and plain text with a time and a level somewhere near its start.

use std::sync::LazyLock;

use firebell_core::telemetry::{Labels, LogLine};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use regex::Regex;
use serde_json::Value;

use super::error::Broken;

/// Longest text kept of one record, bytes.
const MAX_TEXT: usize = 32 * 1024;
/// Most fields kept of one record.
const MAX_FIELDS: usize = 64;

const TIME_KEYS: [&str; 7] = ["time", "timestamp", "@timestamp", "ts", "at", "date", "datetime"];
const LEVEL_KEYS: [&str; 6] = ["level", "severity", "severity_text", "lvl", "loglevel", "log.level"];
const TEXT_KEYS: [&str; 5] = ["message", "msg", "body", "log", "event"];
const TRACE_KEYS: [&str; 4] = ["trace_id", "traceid", "traceId", "trace.id"];
const COMPONENT_KEYS: [&str; 1] = ["component"];

/// Reads a file of raw lines. A line that starts with white space, or that continues a stack trace, takes the time
/// and level of the line before it.
pub fn plain(text: &str, source: &str, component: &str) -> Vec<LogLine> {
    let mut out: Vec<LogLine> = Vec::new();
    let mut last: Option<(Timestamp, Option<String>)> = None;
    for (i, raw) in text.lines().enumerate() {
        if raw.trim().is_empty() {
            continue;
        }
        let mut line = record(raw, source, i as u64 + 1, Some(component));
        match (line.at, &last) {
            (Some(at), _) => last = Some((at, line.level.clone())),
            (None, Some((at, level))) => {
                line.at = Some(*at);
                if line.level.is_none() && raw.starts_with(char::is_whitespace) {
                    line.level.clone_from(level);
                }
            }
            (None, None) => {}
        }
        out.push(line);
    }
    out
}

/// Reads a file with one JSON object a line.
pub(super) fn jsonl(text: &str, source: &str, component: &str, broken: &mut Vec<Broken>) -> Vec<LogLine> {
    let mut out = Vec::new();
    let mut reported = 0;
    for (i, raw) in text.lines().enumerate() {
        if raw.trim().is_empty() {
            continue;
        }
        let number = i as u64 + 1;
        match serde_json::from_str::<Value>(raw) {
            Ok(Value::Object(o)) => out.push(object(&o, source, number, Some(component))),
            other => {
                if reported < 5 {
                    let reason = match other {
                        Err(e) => format!("is not JSON: {e}"),
                        Ok(_) => "is not a JSON object".into(),
                    };
                    broken.push(Broken { file: source.to_owned(), line: number, reason });
                }
                reported += 1;
            }
        }
    }
    out
}

/// Reads one line of whatever format.
pub fn record(raw: &str, source: &str, number: u64, component: Option<&str>) -> LogLine {
    let trimmed = raw.trim();
    if trimmed.starts_with('{')
        && let Ok(Value::Object(o)) = serde_json::from_str::<Value>(trimmed)
    {
        return object(&o, source, number, component);
    }
    if let Some(fields) = logfmt(trimmed) {
        return structured(fields, trimmed, source, number, component);
    }
    LogLine {
        source: source.to_owned(),
        line: number,
        component: component.map(str::to_owned),
        at: leading_time(trimmed),
        level: leading_level(trimmed),
        text: cut(raw),
        fields: Labels::new(),
        trace_id: None,
    }
}

fn object(o: &serde_json::Map<String, Value>, source: &str, number: u64, component: Option<&str>) -> LogLine {
    let mut fields = Labels::new();
    for (k, v) in o {
        flatten(k, v, &mut fields);
    }
    let whole = if TEXT_KEYS.iter().any(|k| o.contains_key(*k)) {
        String::new()
    } else {
        serde_json::to_string(o).unwrap_or_default()
    };
    structured(fields, &whole, source, number, component)
}

fn flatten(key: &str, value: &Value, into: &mut Labels) {
    if into.len() >= MAX_FIELDS {
        return;
    }
    match value {
        Value::Null => {}
        Value::Object(o) => {
            for (k, v) in o {
                flatten(&format!("{key}.{k}"), v, into);
            }
        }
        Value::String(s) => {
            into.insert(key.to_owned(), cut(s));
        }
        other => {
            into.insert(key.to_owned(), cut(&other.to_string()));
        }
    }
}

fn structured(
    mut fields: Labels,
    whole: &str,
    source: &str,
    number: u64,
    component: Option<&str>,
) -> LogLine {
    let mut at = None;
    for key in TIME_KEYS {
        if let Some(t) = fields.get(key).and_then(|v| any_time(v)) {
            at = Some(t);
            fields.remove(key);
            break;
        }
    }
    let mut take = |keys: &[&str]| keys.iter().find_map(|k| fields.remove(*k));
    let level = take(&LEVEL_KEYS).map(|l| level_name(&l));
    let text = take(&TEXT_KEYS).unwrap_or_else(|| cut(whole));
    let trace_id = take(&TRACE_KEYS).filter(|t| !t.is_empty()).map(|t| t.to_lowercase());
    let own = take(&COMPONENT_KEYS);
    let level = level.or_else(|| leading_level(&text));
    let at = at.or_else(|| leading_time(&text));
    LogLine {
        source: source.to_owned(),
        line: number,
        component: own.or_else(|| component.map(str::to_owned)),
        at,
        level,
        text,
        fields,
        trace_id,
    }
}

/// `a=b c="d e"`: at least two pairs, one of which is a time, a level or a message.
fn logfmt(line: &str) -> Option<Labels> {
    let mut fields = Labels::new();
    let mut rest = line;
    while !rest.is_empty() {
        let equals = rest.find('=')?;
        let key = &rest[..equals];
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-@/".contains(&b)) {
            return None;
        }
        let after = &rest[equals + 1..];
        let (value, next) = if let Some(quoted) = after.strip_prefix('"') {
            let mut end = None;
            let mut escaped = false;
            for (i, c) in quoted.char_indices() {
                match c {
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    '"' => {
                        end = Some(i);
                        break;
                    }
                    _ => {}
                }
            }
            let end = end?;
            (
                quoted[..end].replace("\\\"", "\"").replace("\\n", "\n").replace("\\\\", "\\"),
                &quoted[end + 1..],
            )
        } else {
            let end = after.find(' ').unwrap_or(after.len());
            (after[..end].to_owned(), &after[end..])
        };
        if fields.len() < MAX_FIELDS {
            fields.insert(key.to_owned(), cut(&value));
        }
        rest = next.trim_start();
    }
    let known = |keys: &[&str]| keys.iter().any(|k| fields.contains_key(*k));
    (fields.len() >= 2 && (known(&TIME_KEYS) || known(&LEVEL_KEYS) || known(&TEXT_KEYS))).then_some(fields)
}

/// RFC 3339, or unix seconds, milliseconds, microseconds or nanoseconds.
fn any_time(text: &str) -> Option<Timestamp> {
    if let Ok(n) = text.parse::<f64>() {
        let scale = match n.abs() {
            a if a < 1e8 => return None,
            a if a < 1e11 => 1e9,
            a if a < 1e14 => 1e6,
            a if a < 1e17 => 1e3,
            _ => 1.0,
        };
        return Timestamp::from_nanosecond((n * scale) as i128).ok();
    }
    leading_time(text)
}

fn leading_time(text: &str) -> Option<Timestamp> {
    static ISO: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(\d{4})[-/](\d{2})[-/](\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))? ?(Z|[+-]\d{2}:?\d{2})?",
        )
        .ok()
    });
    static COMMON: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-]\d{4})").ok()
    });
    static COMPACT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(\d{2})(\d{2})(\d{2}) (\d{2})(\d{2})(\d{2})\b").ok());
    let head: &str = match text.char_indices().nth(90) {
        Some((end, _)) => &text[..end],
        None => text,
    };
    if !head.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    if let Some(c) = ISO.as_ref().and_then(|r| r.captures(head)) {
        let n = |i: usize| c.get(i).and_then(|m| m.as_str().parse::<i16>().ok());
        let fraction = c.get(7).map_or("", |m| m.as_str());
        let nanos = format!("{fraction:0<9}").parse::<i32>().ok()?;
        return civil([n(1)?, n(2)?, n(3)?, n(4)?, n(5)?, n(6)?], nanos, c.get(8).map(|m| m.as_str()));
    }
    if let Some(c) = COMMON.as_ref().and_then(|r| r.captures(head)) {
        const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
        let month = i16::try_from(MONTHS.find(&c[2])? / 3 + 1).ok()?;
        let n = |i: usize| c[i].parse::<i16>().ok();
        return civil([n(3)?, month, n(1)?, n(4)?, n(5)?, n(6)?], 0, Some(&c[7]));
    }
    if let Some(c) = COMPACT.as_ref().and_then(|r| r.captures(head)) {
        let n = |i: usize| c[i].parse::<i16>().ok();
        return civil([2000 + n(1)?, n(2)?, n(3)?, n(4)?, n(5)?, n(6)?], 0, None);
    }
    let first = head.split_whitespace().next()?;
    if first.len() >= 10 && first.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return any_time(first);
    }
    None
}

fn civil(p: [i16; 6], nanos: i32, offset: Option<&str>) -> Option<Timestamp> {
    let small = |v: i16| i8::try_from(v).ok();
    let at = DateTime::new(p[0], small(p[1])?, small(p[2])?, small(p[3])?, small(p[4])?, small(p[5])?, nanos)
        .ok()?;
    let utc = TimeZone::UTC.to_timestamp(at).ok()?;
    let shift = match offset {
        Some(o) if o != "Z" && o.len() >= 5 => {
            let hours: i64 = o[1..3].parse().ok()?;
            let minutes: i64 = o[o.len() - 2..].parse().ok()?;
            (hours * 3600 + minutes * 60) * if o.starts_with('-') { -1 } else { 1 }
        }
        _ => 0,
    };
    utc.checked_sub(jiff::SignedDuration::from_secs(shift)).ok()
}

fn leading_level(text: &str) -> Option<String> {
    static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?:^|[\s\[<|:(])(TRACE|DEBUG|INFO|INFORMATION|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|CRITICAL|CRIT|FATAL|PANIC|EMERG|trace|debug|info|notice|warn|warning|error|err|critical|crit|fatal|panic|emerg)(?:$|[\s\]>|:)])",
        )
        .ok()
    });
    let head: &str = match text.char_indices().nth(120) {
        Some((end, _)) => &text[..end],
        None => text,
    };
    let found = WORD.as_ref()?.captures(head)?;
    Some(level_name(&found[1]))
}

fn level_name(text: &str) -> String {
    let lower = text.to_lowercase();
    match lower.as_str() {
        "information" | "notice" => "info",
        "warning" => "warn",
        "err" | "severe" => "error",
        "critical" | "crit" | "panic" | "emerg" | "alert" => "fatal",
        other => other,
    }
    .to_owned()
}

fn cut(text: &str) -> String {
    if text.len() <= MAX_TEXT {
        return text.to_owned();
    }
    let mut end = MAX_TEXT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
