//! `a=b c="d e"`: at least two pairs, one of which is a time, a level or a message, and nothing else in the line.

use firebell_core::telemetry::Labels;

use super::json::{self, LEVEL_KEYS, TEXT_KEYS, TIME_KEYS};
use super::line::{Context, Parsed};
use super::{MAX_FIELDS, cut};

/// Reads a line if it is of this form.
pub(super) fn line(text: &str, cx: &Context<'_>, out: &mut Parsed<'_>) -> bool {
    match fields(text) {
        Some(fields) => {
            json::take(fields, text, cx, out);
            true
        }
        None => false,
    }
}

fn fields(line: &str) -> Option<Labels> {
    // Most plain lines are told by their first word.
    let first = memchr::memchr2(b'=', b' ', line.as_bytes())?;
    if line.as_bytes()[first] != b'=' {
        return None;
    }
    let mut fields = Labels::new();
    let mut rest = line;
    while !rest.is_empty() {
        let equals = memchr::memchr(b'=', rest.as_bytes())?;
        let key = &rest[..equals];
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-@/".contains(&b)) {
            return None;
        }
        let after = &rest[equals + 1..];
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let end = quote_end(quoted.as_bytes())?;
                (unescape(&quoted[..end]), &quoted[end + 1..])
            }
            None => {
                let end = memchr::memchr(b' ', after.as_bytes()).unwrap_or(after.len());
                (after[..end].to_owned(), &after[end..])
            }
        };
        if fields.len() < MAX_FIELDS {
            fields.insert(key.to_owned(), cut(&value).to_owned());
        }
        rest = next.trim_start();
    }
    let known = |keys: &[&str]| keys.iter().any(|k| fields.contains_key(*k));
    (fields.len() >= 2 && (known(&TIME_KEYS) || known(&LEVEL_KEYS) || known(&TEXT_KEYS))).then_some(fields)
}

/// Where a quoted text ends.
pub(super) fn quote_end(quoted: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let i = from + memchr::memchr2(b'"', b'\\', quoted.get(from..)?)?;
        if quoted[i] == b'"' {
            return Some(i);
        }
        from = i + 2;
    }
}

fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('t')) => out.push('\t'),
            ('\\', Some(c)) => out.push(c),
            (c, _) => out.push(c),
        }
    }
    out
}
