//! Times, spans and names as people read them.

use firebell_core::cause;
use jiff::Timestamp;

/// `14:05:12`.
pub(super) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// `23 Nov 14:05`.
pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%-d %b %H:%M").to_string()
}

/// A span in two units at most: `42 s`, `12 min 4 s`, `3 h 20 min`, `2 d 4 h`.
pub(crate) fn span(seconds: i64) -> String {
    let (s, m, h, d) = (seconds % 60, seconds / 60 % 60, seconds / 3600 % 24, seconds / 86_400);
    match (d, h, m) {
        (0, 0, 0) => format!("{s} s"),
        (0, 0, m) if m < 10 && s > 0 => format!("{m} min {s} s"),
        (0, 0, m) => format!("{m} min"),
        (0, h, 0) => format!("{h} h"),
        (0, h, m) => format!("{h} h {m} min"),
        (d, 0, _) => format!("{d} d"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

/// Seconds between two times; negative where `to` is earlier.
pub(super) fn between(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs()
}

/// `3 min ago`.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    match between(at, now) {
        s if s < 10 => "just now".to_owned(),
        s => format!("{} ago", span(s)),
    }
}

/// A cause's title, else its id.
pub(crate) fn cause_title(id: &str) -> String {
    cause::find(id).map_or_else(|| id.to_owned(), |c| c.title.clone())
}

/// `incident_commander` as `Incident commander`.
pub(crate) fn title_case(name: &str) -> String {
    let spaced = name.replace(['_', '-'], " ");
    let mut chars = spaced.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// `23 Nov 2026`.
pub(super) fn date(at: Timestamp) -> String {
    at.strftime("%-d %b %Y").to_string()
}

/// A browser as people call it, from what it says of itself.
pub(crate) fn browser(agent: &str) -> String {
    // In this order: each says that it is the ones after it too.
    let names = [
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let systems = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    let find =
        |list: &[(&str, &'static str)]| list.iter().find(|(mark, _)| agent.contains(mark)).map(|f| f.1);
    match (find(&names), find(&systems)) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(name), None) => name.to_owned(),
        _ if agent.is_empty() => "A program".to_owned(),
        _ => agent.split([' ', '/']).next().unwrap_or("A program").chars().take(40).collect(),
    }
}

/// Text without what could turn a page around or hide in it: control, invisible and direction-changing characters.
pub(crate) fn clean(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || *c == '\t' || !(c.is_control() || hidden(*c))).collect()
}

/// Whether [`clean`] would change anything.
pub(super) fn is_clean(text: &str) -> bool {
    !text.chars().any(|c| c != '\n' && c != '\t' && (c.is_control() || hidden(c)))
}

fn hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// An address with a query of these fields; empty ones are left out.
pub(super) fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let mut out = path.to_owned();
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(if out.contains('?') { '&' } else { '?' });
        out.push_str(name);
        out.push('=');
        out.push_str(&encoded(value));
    }
    out
}

/// A text as one part of an address.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_well() {
        let shown: Vec<_> =
            [0, 59, 61, 600, 725, 3600, 12_000, 86_400, 190_000].into_iter().map(span).collect();
        assert_eq!(
            shown,
            ["0 s", "59 s", "1 min 1 s", "10 min", "12 min", "1 h", "3 h 20 min", "1 d", "2 d 4 h"]
        );
    }

    #[test]
    fn addresses_hold_whatever_a_name_holds() {
        assert_eq!(encoded("a/b c?&=é"), "a%2Fb%20c%3F%26%3D%C3%A9");
        assert_eq!(
            address("/incidents", &[("q", ""), ("open", "true"), ("service", "a&b")]),
            "/incidents?open=true&service=a%26b"
        );
    }

    #[test]
    fn text_that_turns_around_is_straightened() {
        assert_eq!(clean("a\u{202e}b\u{200b}c\u{7}d\ne"), "abcd\ne");
        assert!(is_clean("ünïcödé ✓") && !is_clean("\u{2066}x"));
    }
}
