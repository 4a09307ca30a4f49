//! What container runtimes and their tools put in front of a line: CRI, docker compose, `kubectl logs --prefix`.

use std::borrow::Cow;

use jiff::Timestamp;

use super::time;

/// What stood in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefix<'a> {
    /// Tells the streams of one file apart.
    pub stream: &'a str,
    /// Container or pod.
    pub container: Option<&'a str>,
    /// The runtime's time.
    pub at: Option<Timestamp>,
    /// The line goes on in the next one.
    pub partial: bool,
}

/// Takes what stands in front off a line.
pub(super) fn split(raw: &str) -> (Option<Prefix<'_>>, &str) {
    let b = raw.as_bytes();
    match b.first() {
        Some(c) if c.is_ascii_digit() => {
            if let Some((prefix, rest)) = cri(raw) {
                return (Some(prefix), rest);
            }
        }
        Some(b'[') if raw.starts_with("[pod/") => {
            if let Some((name, rest)) = raw[5..].split_once("] ") {
                let pod = name.split('/').next().unwrap_or(name);
                let prefix = Prefix { stream: name, container: Some(pod), at: None, partial: false };
                return match cri(rest) {
                    Some((inner, rest)) => (Some(Prefix { at: inner.at, ..prefix }), rest),
                    None => (Some(prefix), rest),
                };
            }
        }
        _ => {}
    }
    if let Some((prefix, rest)) = compose(raw) {
        return (Some(prefix), rest);
    }
    (None, raw)
}

/// `2024-01-05T10:00:00.123456789Z stdout F text`.
fn cri(raw: &str) -> Option<(Prefix<'_>, &str)> {
    let b = raw.as_bytes();
    if b.len() < 30 || b[10] != b'T' {
        return None;
    }
    let space = b[..b.len().min(40)].iter().position(|c| *c == b' ')?;
    let rest = &raw[space + 1..];
    let stream = if rest.starts_with("stdout ") {
        "stdout"
    } else if rest.starts_with("stderr ") {
        "stderr"
    } else {
        return None;
    };
    let rest = &rest[7..];
    let (tags, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let tag = tags.split(':').next().unwrap_or("");
    if tag != "F" && tag != "P" {
        return None;
    }
    let found = time::find(&raw[..space], None).filter(|f| f.start == 0 && f.zoned)?;
    Some((Prefix { stream, container: None, at: Some(found.at), partial: tag == "P" }, text))
}

/// `web_1  | text`, as docker compose prints it; a table's row has more than one bar, and begins with one.
fn compose(raw: &str) -> Option<(Prefix<'_>, &str)> {
    let head = &raw.as_bytes()[..raw.len().min(64)];
    let bar = memchr::memchr(b'|', head)?;
    if bar < 2 || head[bar - 1] != b' ' {
        return None;
    }
    let name = raw.get(..bar)?.trim_end();
    let digit = name.ends_with(|c: char| c.is_ascii_digit());
    let separated = name.trim_end_matches(|c: char| c.is_ascii_digit()).ends_with(['-', '_']);
    let plain = name.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c));
    if !digit || !separated || !plain || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let rest = &raw[bar + 1..];
    let prefix = Prefix { stream: name, container: Some(name), at: None, partial: false };
    Some((prefix, rest.strip_prefix(' ').unwrap_or(rest)))
}

/// The service of a container or pod: `web-1` is of `web`, `cart-7d9f6b5c4-x2x8z` of `cart`, `db-0` of `db`.
pub(super) fn owner(container: &str) -> &str {
    let generated = |part: &str, most: usize| {
        (4..=most).contains(&part.len())
            && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            && (part.bytes().any(|c| c.is_ascii_digit()) || !part.bytes().any(|c| b"aeiou".contains(&c)))
    };
    if let Some((rest, last)) = container.rsplit_once(['-', '_'])
        && !rest.is_empty()
    {
        if !last.is_empty() && last.bytes().all(|c| c.is_ascii_digit()) {
            return rest;
        }
        if generated(last, 5) {
            return match rest.rsplit_once('-') {
                Some((name, hash)) if !name.is_empty() && generated(hash, 10) => name,
                _ => rest,
            };
        }
    }
    container
}

/// A line without the escape sequences that colour it on a terminal.
pub(super) fn without_colours(raw: &str) -> Cow<'_, str> {
    if memchr::memchr(0x1b, raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(i) = rest.find('\u{1b}') {
        out.push_str(&rest[..i]);
        rest = &rest[i + 1..];
        if let Some(after) = rest.strip_prefix('[') {
            let end = after.find(|c: char| ('@'..='~').contains(&c)).map_or(after.len(), |e| e + 1);
            rest = &after[end..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}
