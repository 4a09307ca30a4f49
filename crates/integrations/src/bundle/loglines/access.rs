//! The logs of web servers: common and combined access logs, and nginx's error log.

use firebell_core::telemetry::LogLine;

use super::line::{Context, Parsed, set_time};
use super::logfmt::quote_end;
use super::{cut, level, syslog, time};

/// Longest value kept of one part of a request, bytes.
const MAX_PART: usize = 1024;

/// Reads an access log line into `line`; answers whether it is one.
pub fn access(raw: &str, line: &mut LogLine) -> bool {
    syslog::alone(raw, None, line, |raw, _, out| request(raw, out))
}

/// An access log's or an error log's line.
pub(super) fn into(raw: &str, cx: &Context<'_>, out: &mut Parsed<'_>) -> bool {
    request(raw, out) || error(raw, cx, out)
}

/// `203.0.113.7 - bob [05/Jan/2026:10:00:00 +0000] "GET /a?b HTTP/1.1" 500 12 "referrer" "agent" …`.
fn request(raw: &str, out: &mut Parsed<'_>) -> bool {
    let Some(parts) = split(raw) else { return false };
    let Some(found) = time::find(parts.time, None).filter(|f| f.start == 0) else { return false };
    set_time(out, Some(found));
    out.line.level = Some(level::of_status(parts.status).to_owned());
    let mut set = |name: &str, value: &str| {
        if !value.is_empty() && value != "-" {
            let value = &value[..value.floor_char_boundary(MAX_PART)];
            out.line.fields.insert(name.to_owned(), value.to_owned());
        }
    };
    set("client", parts.client);
    set("user", parts.user);
    set("status", parts.status);
    set("bytes", parts.bytes);
    set("agent", parts.agent);
    let mut words = parts.request.split(' ');
    set("method", words.next().unwrap_or(""));
    set("path", words.next().unwrap_or(""));
    let text = format!("{} {} {}", parts.request, parts.status, parts.bytes);
    out.line.text = cut(&text).to_owned();
    true
}

struct Parts<'a> {
    client: &'a str,
    user: &'a str,
    time: &'a str,
    request: &'a str,
    status: &'a str,
    bytes: &'a str,
    agent: &'a str,
}

fn split(raw: &str) -> Option<Parts<'_>> {
    let (client, rest) = raw.split_once(' ')?;
    let (_ident, rest) = rest.split_once(' ')?;
    let (user, rest) = rest.split_once(" [")?;
    if client.is_empty() || user.contains(' ') {
        return None;
    }
    let (time, rest) = rest.split_once("] \"")?;
    if time.as_bytes().get(2) != Some(&b'/') {
        return None;
    }
    let end = quote_end(rest.as_bytes())?;
    let (request, rest) = (&rest[..end], rest[end + 1..].strip_prefix(' ')?);
    let (status, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    if status.len() != 3 || !status.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (bytes, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    if bytes != "-" && !bytes.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut agent = "";
    if let Some(referrer) = rest.strip_prefix('"')
        && let Some(end) = quote_end(referrer.as_bytes())
        && let Some(after) = referrer[end + 1..].strip_prefix(" \"")
        && let Some(end) = quote_end(after.as_bytes())
    {
        agent = &after[..end];
    }
    Some(Parts { client, user, time, request, status, bytes, agent })
}

/// `2026/01/05 10:00:00 [error] 12#12: *7 text, client: 203.0.113.7, server: x, request: "…", upstream: "…"`.
fn error(raw: &str, cx: &Context<'_>, out: &mut Parsed<'_>) -> bool {
    let b = raw.as_bytes();
    if b.len() < 24 || b[4] != b'/' || b[7] != b'/' || &b[19..21] != b" [" {
        return false;
    }
    let Some((word, rest)) = raw.get(21..).and_then(|r| r.split_once("] ")) else { return false };
    let Some((ids, text)) = rest.split_once(": ") else { return false };
    if !ids.contains('#') || !ids.bytes().all(|c| c.is_ascii_digit() || c == b'#') {
        return false;
    }
    let Some(found) = time::find(raw, cx.around).filter(|f| f.start == 0) else { return false };
    set_time(out, Some(found));
    out.line.level = Some(level::name(word));
    // The number of the connection differs in each line.
    let text = match text.strip_prefix('*').and_then(|t| t.split_once(' ')) {
        Some((number, rest)) if number.bytes().all(|c| c.is_ascii_digit()) => rest,
        _ => text,
    };
    for (name, key) in [("client", ", client: "), ("upstream", ", upstream: "), ("host", ", host: ")] {
        if let Some(i) = text.find(key) {
            let value = text[i + key.len()..].split(", ").next().unwrap_or("").trim_matches('"');
            let value = &value[..value.floor_char_boundary(MAX_PART)];
            out.line.fields.insert(name.to_owned(), value.to_owned());
        }
    }
    out.line.text = cut(text).to_owned();
    true
}
