//! Content lines: folding, escaping, parameters (RFC 5545, 3.1 and 3.3.11).

/// Octets of a line at most, its break not counted.
const WIDTH: usize = 75;

/// Appends a line, folded. Characters are never split.
pub(super) fn push(out: &mut String, line: &str) {
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > WIDTH {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(c);
        width += c.len_utf8();
    }
    out.push_str("\r\n");
}

/// A text as a value. Control characters have no place in one.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// The text of a value.
pub(super) fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

/// One line of a calendar, unfolded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it began in the file, from 1.
    pub(super) number: usize,
    /// `DTSTART`, in capitals.
    pub(super) name: String,
    /// `VALUE=DATE;TZID=…`, as written.
    pub(super) parameters: String,
    /// What comes after the colon, as written.
    pub(super) value: String,
}

/// The lines of a text. Files that people keep by hand have bare line feeds and empty lines; both are taken.
///
/// # Errors
/// Names the line that is none.
pub(super) fn read(text: &str) -> Result<Vec<Line>, String> {
    let mut whole: Vec<(usize, String)> = Vec::new();
    for (number, raw) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        match (raw.strip_prefix([' ', '\t']), whole.last_mut()) {
            (Some(rest), Some((_, last))) => last.push_str(rest),
            _ if raw.trim().is_empty() => {}
            _ => whole.push((number, raw.to_owned())),
        }
    }
    whole.into_iter().map(|(number, line)| split(number, &line)).collect()
}

/// Name, parameters and value; a colon in quotes belongs to a parameter.
fn split(number: usize, line: &str) -> Result<Line, String> {
    let mut quoted = false;
    let colon = line.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == ':' && !quoted).then_some(at)
    });
    let (head, value) = colon
        .and_then(|at| Some((line.get(..at)?, line.get(at + 1..)?)))
        .ok_or_else(|| format!("line {number} has no colon; it is no line of a calendar"))?;
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    Ok(Line {
        number,
        name: name.to_ascii_uppercase(),
        parameters: parameters.to_owned(),
        value: value.to_owned(),
    })
}
