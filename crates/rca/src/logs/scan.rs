//! From a line to its pattern: one pass over the bytes that replaces what varies by nature (numbers, addresses, paths,
//! identifiers, times, durations, sizes, truth values) by [`MASK`], with no settings for single systems.
//!
//! White space is made one blank; control characters count as white space, sequences that colour a terminal are left
//! out. At most [`MAX_BYTES`] and two text lines of a record are looked at: what follows is a dump. A record with a stack
//! trace is known by its exception and its top own frame instead, whatever its message says ([`super::stack`]).
//! Cost: linear in the bytes looked at, no allocation but the buffer's.

use super::atom;
use super::stack::{Stack, stack};
use super::words;

/// Stands for a value in a pattern; shown as `<*>`.
pub(crate) const MASK: u8 = 1;
/// Begins the pattern of a record with a stack trace: exception and top own frame, which stand for the whole record. It is
/// not shown.
pub(crate) const TRACE: u8 = 2;
/// How [`MASK`] is shown, and read again.
pub(crate) const SHOWN: &[u8] = b"<*>";
/// Most bytes of a record that are looked at.
pub(crate) const MAX_BYTES: usize = 1024;
/// Most masks in a row that are kept apart: past it a list goes on.
const MAX_RUN: usize = 12;

pub(crate) const SPACE: u8 = 1;
pub(crate) const LETTER: u8 = 2;
pub(crate) const DIGIT: u8 = 4;
/// Punctuation that joins the parts of one value or name.
pub(crate) const JOIN: u8 = 8;
/// Punctuation that stands between values.
pub(crate) const HARD: u8 = 16;
/// Slashes, which begin addresses; they join too.
const SLASH: u8 = 32;

const fn classes() -> [u8; 256] {
    let mut t = [HARD; 256];
    let mut i = 0;
    while i < 256 {
        let b = i as u8;
        t[i] = match b {
            0..=32 | 127 => SPACE,
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' | 128..=255 => LETTER,
            b'.' | b'-' | b'_' | b':' | b'@' | b'#' | b'+' | b'%' | b'~' | b'$' => JOIN,
            b'/' | b'\\' => JOIN | SLASH,
            _ => HARD,
        };
        i += 1;
    }
    t[MASK as usize] = DIGIT;
    t
}

/// Class of each byte.
pub(crate) const CLASS: [u8; 256] = classes();

/// Writes the pattern of `line` into `out`, which is cleared first.
pub(crate) fn pattern(line: &[u8], out: &mut Vec<u8>) {
    out.clear();
    // Nearly all records have one line.
    if line.contains(&b'\n') && trace(line, out) {
        return;
    }
    let line = head(line);
    let mut at = 0;
    let mut state = State::default();
    let mut breaks = 0;
    while at < line.len() {
        if line[at] == b'\n' {
            breaks += 1;
            if breaks == 2 {
                break;
            }
        }
        if CLASS[line[at] as usize] == SPACE && line[at] != MASK {
            at += escape(&line[at..]).max(1);
            continue;
        }
        let start = at;
        let mut seen = 0u8;
        while at < line.len() {
            let class = CLASS[line[at] as usize];
            if class == SPACE {
                break;
            }
            seen |= class;
            at += 1;
        }
        let chunk = &line[start..at];
        if seen & HARD != 0 && chunk.contains(&b'*') && chunk.windows(SHOWN.len()).any(|w| w == SHOWN) {
            let chunk = read_masks(chunk);
            let seen = chunk.iter().fold(0, |seen, b| seen | CLASS[*b as usize]);
            state.chunk(&chunk, seen, &line[at..], out);
        } else {
            state.chunk(chunk, seen, &line[at..], out);
        }
    }
}

/// Writes the pattern of a record with a stack trace; whether it has one.
fn trace(record: &[u8], out: &mut Vec<u8>) -> bool {
    let Some(Stack { exception, frame: Some(frame) }) = stack(&String::from_utf8_lossy(record)) else {
        return false;
    };
    out.push(TRACE);
    out.extend(format!("{exception} at {frame}").bytes().filter(|b| !b.is_ascii_control()));
    true
}

/// Text that was masked before: `<*>` is a mask again.
pub(crate) fn read_masks(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut i = 0;
    while i < text.len() {
        if text[i..].starts_with(SHOWN) {
            out.push(MASK);
            i += SHOWN.len();
        } else {
            out.push(text[i]);
            i += 1;
        }
    }
    out
}

/// What is looked at: the first bytes.
fn head(line: &[u8]) -> &[u8] {
    let mut end = line.len().min(MAX_BYTES);
    // Never within a word, if that can be helped: half a value is no value.
    if end < line.len() {
        let blank = line[..end].iter().rposition(|b| CLASS[*b as usize] == SPACE);
        match blank {
            Some(blank) if blank > MAX_BYTES / 2 => end = blank,
            _ => {
                while end > 0 && line[end] & 0xc0 == 0x80 {
                    end -= 1;
                }
            }
        }
    }
    &line[..end]
}

/// Length of a terminal's control sequence at the start, or 0.
fn escape(text: &[u8]) -> usize {
    if text.len() < 3 || text[0] != 0x1b || text[1] != b'[' {
        return 0;
    }
    let end = text.iter().skip(2).take(16).position(|b| (0x40..=0x7e).contains(b));
    end.map_or(0, |n| n + 3)
}

/// What earlier chunks of the line say of the next.
#[derive(Default)]
struct State {
    /// Further chunks that may belong to a date in words.
    date: u8,
    /// Masks since the last word.
    run: usize,
}

impl State {
    fn chunk(&mut self, chunk: &[u8], seen: u8, rest: &[u8], out: &mut Vec<u8>) {
        let before = out.len();
        if seen & (DIGIT | JOIN) == 0 {
            self.plain(chunk, seen, rest, out);
        } else if self.date > 0 && is_clock(chunk) {
            self.date -= 1;
            return;
        } else {
            self.date = 0;
            if before > 0 {
                out.push(b' ');
            }
            if seen == DIGIT {
                out.push(MASK);
            } else if mixed(chunk, seen, out) {
                drop_echo(out);
            }
        }
        // A list of values of any length is a list.
        let before = before.min(out.len());
        if out[before..].iter().all(|b| matches!(*b, MASK | b' ' | b',')) {
            self.run += 1;
            if self.run > MAX_RUN {
                out.truncate(before);
            }
        } else {
            self.run = 0;
        }
    }

    /// A chunk of letters and delimiters.
    fn plain(&mut self, chunk: &[u8], seen: u8, rest: &[u8], out: &mut Vec<u8>) {
        let after_value = out.last() == Some(&MASK);
        let word = trimmed(chunk);
        let tail = &chunk[chunk.len() - trailing(chunk)..];
        if after_value && words::is_unit(word) && chunk.len() - tail.len() == word.len() {
            out.extend_from_slice(tail);
            if tail.contains(&b')') {
                drop_echo(out);
            }
            return;
        }
        if self.date > 0 && words::is_zone(word) {
            return;
        }
        self.date = 0;
        if !out.is_empty() {
            out.push(b' ');
        }
        if words::is_truth(word) {
            let from = chunk.iter().position(|b| CLASS[*b as usize] == LETTER).unwrap_or(0);
            out.extend_from_slice(&chunk[..from]);
            out.push(MASK);
            out.extend_from_slice(&chunk[from + word.len()..]);
        } else if words::starts_date(word, rest, after_value) {
            let from = chunk.iter().position(|b| CLASS[*b as usize] == LETTER).unwrap_or(0);
            out.extend_from_slice(&chunk[..from]);
            out.push(MASK);
            self.date = 5;
        } else if seen & HARD != 0 {
            delimited(chunk, out);
        } else {
            out.extend_from_slice(chunk);
        }
    }
}

/// Letters with delimiters between: truth values inside, and empty brackets, are values.
fn delimited(chunk: &[u8], out: &mut Vec<u8>) {
    match chunk {
        b"()" | b"()," | b"();" | b"():" => {
            out.extend_from_slice(b"(\x01)");
            out.extend_from_slice(&chunk[2..]);
            return;
        }
        b"[]" | b"[]," | b"[];" | b"[]:" => {
            out.extend_from_slice(b"[\x01]");
            out.extend_from_slice(&chunk[2..]);
            return;
        }
        _ => {}
    }
    let mut at = 0;
    while at < chunk.len() {
        let start = at;
        while at < chunk.len() && CLASS[chunk[at] as usize] != HARD {
            at += 1;
        }
        if words::is_truth(&chunk[start..at]) {
            out.push(MASK);
        } else {
            out.extend_from_slice(&chunk[start..at]);
        }
        if at < chunk.len() {
            out.push(chunk[at]);
            at += 1;
        }
    }
}

/// A chunk with digits or joining punctuation. Returns whether it ends with a size in brackets.
fn mixed(chunk: &[u8], seen: u8, out: &mut Vec<u8>) -> bool {
    let mut at = 0;
    let mut sized = false;
    // Signs of comparison belong to the number that follows.
    if matches!(chunk[0], b'<' | b'>' | b'*') && chunk.get(1).is_some_and(u8::is_ascii_digit) {
        at = 1;
    }
    while at < chunk.len() {
        if CLASS[chunk[at] as usize] == HARD {
            out.push(chunk[at]);
            at += 1;
            continue;
        }
        let start = at;
        while at < chunk.len() && CLASS[chunk[at] as usize] != HARD {
            at += 1;
        }
        if seen & SLASH != 0
            && let Some(end) = atom::address(&chunk[start..])
        {
            // An address may hold what elsewhere stands between values.
            at = start + end;
            push_mask(out);
            continue;
        }
        let from = out.len();
        sized = atom::write(&chunk[start..at], out) && chunk[at..] == *b")";
        // Parts that turned out to be values, with nothing but joints between, are one value.
        squeeze(out, from);
    }
    sized
}

/// `4369 bytes (4.26 KB)`: what is in brackets says the same again.
fn drop_echo(out: &mut Vec<u8>) {
    for tail in [&b""[..], b",", b";", b"."] {
        let echo = [b" (\x01)", tail].concat();
        if out.ends_with(&echo) && out[..out.len() - echo.len()].last() == Some(&MASK) {
            out.truncate(out.len() - echo.len());
            out.extend_from_slice(tail);
            return;
        }
    }
}

fn push_mask(out: &mut Vec<u8>) {
    if out.last() != Some(&MASK) {
        out.push(MASK);
    }
}

/// Masks with joints between become one.
fn squeeze(out: &mut Vec<u8>, from: usize) {
    let mut read = from;
    let mut write = from;
    while read < out.len() {
        let b = out[read];
        if b == MASK && write > from {
            if out[write - 1] == MASK {
                read += 1;
                continue;
            }
            let joint = matches!(out[write - 1], b'.' | b':' | b'-' | b'/' | b'+' | b'_' | b'#' | b'~');
            if joint && write >= from + 2 && out[write - 2] == MASK {
                write -= 1;
                read += 1;
                continue;
            }
        }
        out[write] = b;
        write += 1;
        read += 1;
    }
    out.truncate(write);
}

/// Digits with the punctuation of dates and times.
fn is_clock(chunk: &[u8]) -> bool {
    chunk.iter().any(u8::is_ascii_digit)
        && chunk.iter().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b',' | b'+' | b'-' | b'/'))
}

fn trailing(chunk: &[u8]) -> usize {
    chunk.iter().rev().take_while(|b| CLASS[**b as usize] & (HARD | JOIN) != 0).count()
}

/// Without the punctuation around it.
fn trimmed(chunk: &[u8]) -> &[u8] {
    let end = chunk.len() - trailing(chunk);
    let from = chunk[..end].iter().take_while(|b| CLASS[**b as usize] == HARD).count();
    &chunk[from..end]
}

/// A pattern as people read it.
pub(crate) fn show(pattern: &[u8]) -> String {
    let mut out = Vec::with_capacity(pattern.len() + 16);
    for b in pattern {
        match *b {
            MASK => out.extend_from_slice(SHOWN),
            TRACE => {}
            b => out.push(b),
        }
    }
    match String::from_utf8(out) {
        Ok(text) => text,
        Err(e) => String::from_utf8_lossy(e.as_bytes()).into_owned(),
    }
}
