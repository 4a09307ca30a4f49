//! What stands before the message of a raw line: time, level, priority, stream. Found without being told the format.

use super::clock;
use super::level;
use super::level::Level;

/// Most parts before the message.
const MAX_PARTS: usize = 8;

/// A raw line, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Unix milliseconds.
    pub at: Option<i64>,
    /// As the line says.
    pub level: Option<Level>,
    /// Where the message stands.
    pub message: std::ops::Range<usize>,
}

/// Takes a line apart. `year` is for times that have none.
pub fn read(line: &[u8], year: i16) -> Head {
    let line_end = line.len() - line.iter().rev().take_while(|b| b.is_ascii_whitespace() || **b == 0).count();
    let text = &line[..line_end];
    let start = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let start = start + if text[start..].starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    match text.get(start) {
        None => return Head { at: None, level: None, message: line_end..line_end },
        Some(b'{') => {
            if let Some(head) = super::fields::json(text, start, year) {
                return head;
            }
        }
        Some(_) => {
            if let Some(head) = super::fields::logfmt(text, start, year) {
                return head;
            }
        }
    }
    plain(text, start, year)
}

fn plain(text: &[u8], start: usize, year: i16) -> Head {
    let mut i = start;
    let mut at = None;
    let mut level = None;
    let mut timed = false;
    if let Some((said, end)) = priority(&text[i..]) {
        level = Some(said);
        i += end;
    }
    if let Some((said, ms, end)) = klog(&text[i..], year) {
        level = Some(said);
        at = ms;
        timed = true;
        i += end;
    }
    for _ in 0..MAX_PARTS {
        let from = i + text[i..]
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'[' | b']' | b'|' | b'(' | b')' | b','))
            .count();
        // A dash alone is a separator, before a number it is a sign.
        let from = if text[from..].starts_with(b"- ") { from + 2 } else { from };
        let rest = &text[from..];
        if let Some((ms, end)) = clock::read(rest, year)
            && (!timed || at.is_none() || ms.is_none() || rest.len() > end)
            && stands_alone(rest, end)
        {
            // A date is refined by the time behind it; a second time is of something else.
            at = match (at, ms) {
                (None, ms) => ms,
                (at, _) => at,
            };
            timed = true;
            i = from + end;
            continue;
        }
        if let Some((said, end)) = level::word(rest)
            && (level.is_none() || timed)
        {
            level = level.or(Some(said));
            i = from + end;
            i += text[i..].iter().take_while(|b| matches!(b, b']' | b':' | b')' | b'>' | b'|')).count();
            continue;
        }
        if timed && (rest.starts_with(b"stdout ") || rest.starts_with(b"stderr ")) {
            // What container runtimes write before each line.
            let flag = rest.get(7..9).is_some_and(|f| matches!(f, b"F " | b"P "));
            i = from + if flag { 9 } else { 7 };
            continue;
        }
        break;
    }
    let skip = text[i..].iter().take_while(|b| matches!(b, b' ' | b'\t' | b']' | b'|' | b',')).count();
    let message = i + skip..text.len();
    // Behind a thread's or a program's name, a level in capitals is still one; it stays in the message.
    let level = level.or_else(|| timed.then(|| within(&text[message.clone()])).flatten());
    Head { at, level, message }
}

/// A level's name in capitals among the first words.
fn within(message: &[u8]) -> Option<Level> {
    let head = &message[..message.len().min(96)];
    head.split(|b| matches!(b, b' ' | b'[' | b']' | b'|' | b'(' | b':' | b'/' | b'\t'))
        .filter(|w| !w.is_empty())
        .take(7)
        .filter(|w| {
            (3..=9).contains(&w.len())
                && w.iter().all(u8::is_ascii_uppercase)
                && *w != b"LOG"
                && *w != b"CONFIG"
        })
        .find_map(Level::parse)
}

/// Whether something ends there: no letter or digit goes on.
fn stands_alone(text: &[u8], end: usize) -> bool {
    text.get(end).is_none_or(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'-' | b'_' | b'.'))
}

/// `<34>`, `<34>1 `: severity is the priority's last three bits (RFC 5424).
fn priority(text: &[u8]) -> Option<(Level, usize)> {
    if text.first() != Some(&b'<') {
        return None;
    }
    let n = text[1..].iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    if !(1..=3).contains(&n) || text.get(1 + n) != Some(&b'>') {
        return None;
    }
    let value = text[1..=n].iter().fold(0u32, |v, b| v * 10 + u32::from(b - b'0'));
    let level = match value & 7 {
        0..=2 => Level::Fatal,
        3 => Level::Error,
        4 => Level::Warn,
        5 | 6 => Level::Info,
        _ => Level::Debug,
    };
    let version = usize::from(text[n + 2..].starts_with(b"1 ")) * 2;
    Some((level, n + 2 + version))
}

/// `E0105 10:00:00.123456   1234 file.go:12] message`, as Kubernetes writes.
fn klog(text: &[u8], year: i16) -> Option<(Level, Option<i64>, usize)> {
    let level = match text.first()? {
        b'I' => Level::Info,
        b'W' => Level::Warn,
        b'E' => Level::Error,
        b'F' => Level::Fatal,
        _ => return None,
    };
    let date = text.get(1..5)?;
    if !date.iter().all(u8::is_ascii_digit) || text.get(5) != Some(&b' ') {
        return None;
    }
    let mut spelt = [0u8; 24];
    spelt[..2].copy_from_slice(&date[..2]);
    spelt[2] = b'-';
    spelt[3..5].copy_from_slice(&date[2..]);
    let rest = text.get(5..text.len().min(24))?;
    spelt[5..5 + rest.len()].copy_from_slice(rest);
    let (at, end) = clock::read(&spelt[..5 + rest.len()], year)?;
    Some((level, at, end))
}
