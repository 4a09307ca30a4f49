//! JSON and logfmt records, skimmed: only the top level is looked at, and nothing is copied.

use super::clock;
use super::header::Head;
use super::level::Level;

#[derive(Default)]
struct Found {
    at: Option<i64>,
    level: Option<Level>,
    message: Option<std::ops::Range<usize>>,
    /// How good the message's key is.
    rank: usize,
}

impl Found {
    fn take(&mut self, text: &[u8], key: &[u8], value: std::ops::Range<usize>, year: i16) {
        let content = &text[value.clone()];
        match key {
            b"time" | b"timestamp" | b"@timestamp" | b"ts" | b"t" | b"date" | b"datetime" | b"at"
                if self.at.is_none() =>
            {
                self.at = clock::read(content, year).and_then(|(at, _)| at);
            }
            b"level" | b"severity" | b"lvl" | b"loglevel" | b"severity_text" | b"log.level"
            | b"levelname"
                if self.level.is_none() =>
            {
                self.level = Level::parse(content).or(match content {
                    // pino's and bunyan's numbers.
                    b"10" => Some(Level::Trace),
                    b"20" => Some(Level::Debug),
                    b"30" => Some(Level::Info),
                    b"40" => Some(Level::Warn),
                    b"50" => Some(Level::Error),
                    b"60" => Some(Level::Fatal),
                    _ => None,
                });
            }
            _ => {
                let rank = match key {
                    b"message" | b"msg" => 3,
                    b"body" | b"log" | b"event" => 2,
                    _ => 0,
                };
                if rank > self.rank {
                    self.rank = rank;
                    self.message = Some(value);
                }
            }
        }
    }

    fn head(self, whole: std::ops::Range<usize>) -> Head {
        let message = self.message.unwrap_or(whole);
        Head { at: self.at, level: self.level, message }
    }
}

/// A JSON object; `None` if it is none as far as one can see.
pub(super) fn json(text: &[u8], start: usize, year: i16) -> Option<Head> {
    let mut found = Found::default();
    let mut i = start + 1;
    let mut pairs = 0;
    loop {
        i = blanks(text, i);
        match text.get(i)? {
            b'}' => break,
            b',' => {
                i += 1;
                continue;
            }
            b'"' => {}
            _ => return None,
        }
        let key_end = string(text, i)?;
        let key = i + 1..key_end - 1;
        i = blanks(text, key_end);
        if text.get(i) != Some(&b':') {
            return None;
        }
        i = blanks(text, i + 1);
        let (value, end) = value(text, i)?;
        found.take(text, &text[key], value, year);
        i = end;
        pairs += 1;
        // Time, level and message are known: the rest of the object does not matter.
        if found.rank == 3 && found.at.is_some() && found.level.is_some() {
            break;
        }
    }
    (pairs > 0).then(|| found.head(start..text.len()))
}

fn blanks(text: &[u8], at: usize) -> usize {
    at + text.get(at..).unwrap_or_default().iter().take_while(|b| b.is_ascii_whitespace()).count()
}

/// Where a string that begins at `at` ends, quotes included.
fn string(text: &[u8], at: usize) -> Option<usize> {
    let mut i = at + 1;
    loop {
        match text.get(i)? {
            b'\\' => i += 2,
            b'"' => return Some(i + 1),
            _ => i += 1,
        }
    }
}

/// A value's content and where it ends.
fn value(text: &[u8], at: usize) -> Option<(std::ops::Range<usize>, usize)> {
    match text.get(at)? {
        b'"' => {
            let end = string(text, at)?;
            Some((at + 1..end - 1, end))
        }
        b'{' | b'[' => {
            let mut depth = 0usize;
            let mut i = at;
            loop {
                match text.get(i)? {
                    b'"' => {
                        i = string(text, i)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return Some((at..i + 1, i + 1));
                        }
                    }
                    _ => {}
                }
                i += 1;
            }
        }
        _ => {
            let n = text[at..].iter().take_while(|b| !matches!(b, b',' | b'}' | b']')).count();
            (n > 0).then_some((at..at + n, at + n))
        }
    }
}

/// `key=value key="value"`: at least two pairs from the start, one of them a time, a level or a message.
pub(super) fn logfmt(text: &[u8], start: usize, year: i16) -> Option<Head> {
    let mut found = Found::default();
    let mut i = start;
    let mut pairs = 0;
    while i < text.len() {
        let n = text[i..]
            .iter()
            .take(40)
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'@' | b'/'))
            .count();
        if n == 0 || text.get(i + n) != Some(&b'=') {
            // Text behind the pairs is no logfmt.
            return None;
        }
        let key = i..i + n;
        let from = i + n + 1;
        let (value, end) = if text.get(from) == Some(&b'"') {
            let end = string(text, from)?;
            (from + 1..end - 1, end)
        } else {
            let n = text[from..].iter().take_while(|b| **b != b' ').count();
            (from..from + n, from + n)
        };
        found.take(text, &text[key], value, year);
        pairs += 1;
        i = blanks(text, end);
        if found.rank == 3 && found.at.is_some() && found.level.is_some() {
            break;
        }
    }
    let known = found.rank > 0 || found.at.is_some() || found.level.is_some();
    (pairs >= 2 && known).then(|| found.head(start..text.len()))
}
