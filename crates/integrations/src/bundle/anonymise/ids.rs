//! Pieces with digits: numbers stay, ids are replaced character by character, so that what looked like a hash, a pod's
//! suffix or a trace id still does.

use sha2::{Digest, Sha256};

use super::vocabulary;

/// Numbers of up to so many digits are figures, not ids.
const MAX_NUMBER: usize = 9;

/// The same piece without its meaning, or as it is if it has none.
pub(super) fn id(word: &str) -> String {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let number = digits == word.len();
    if (number && (digits <= MAX_NUMBER || is_time(word))) || word.len() <= 3 || measured(word) {
        return word.to_owned();
    }
    // A word with a number at its end: `http2`, `worker12`, `node1`.
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    if !stem.is_empty()
        && stem.bytes().all(|b| b.is_ascii_alphabetic())
        && vocabulary::contains(&stem.to_lowercase())
    {
        return word.to_owned();
    }
    let hexadecimal = word.bytes().all(|b| b.is_ascii_hexdigit());
    let prefixed = word.starts_with("0x");
    let lower = word.to_lowercase();
    // The key is the word itself: equal ids stay equal in whatever bundle, and nothing has to be remembered.
    let mut stream: Vec<u8> = Vec::new();
    let mut round = 0u32;
    while stream.len() < word.len() {
        let mut hash = Sha256::new();
        hash.update(b"firebell pseudonym");
        hash.update(round.to_be_bytes());
        hash.update(lower.as_bytes());
        stream.extend_from_slice(&hash.finalize());
        round += 1;
    }
    word.chars()
        .zip(stream)
        .enumerate()
        .map(|(i, (c, b))| match c {
            _ if prefixed && i < 2 => c,
            '0'..='9' => char::from(b'0' + b % 10),
            'a'..='z' => char::from(b'a' + b % if hexadecimal { 6 } else { 26 }),
            'A'..='Z' => char::from(b'A' + b % if hexadecimal { 6 } else { 26 }),
            other => other,
        })
        .collect()
}

/// Unix seconds to nanoseconds between 2001 and 2065.
fn is_time(word: &str) -> bool {
    matches!(word.len(), 10 | 13 | 16 | 19) && matches!(word.as_bytes()[0], b'1' | b'2')
}

/// A number with a unit: `250ms`, `512MiB`, `10s`, `20260105T100000Z`.
fn measured(word: &str) -> bool {
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit());
    if unit.is_empty() || unit.len() == word.len() {
        return false;
    }
    const UNITS: [&str; 36] = [
        "ns", "us", "ms", "s", "m", "h", "d", "sec", "min", "b", "k", "kb", "kib", "ki", "mb", "mib", "mi",
        "gb", "gib", "gi", "tb", "tib", "ti", "x", "xx", "th", "st", "nd", "rd", "rps", "qps", "bytes", "t",
        "z", "i", "f",
    ];
    let lower = unit.to_lowercase();
    UNITS.contains(&lower.as_str())
        || (lower.starts_with('t') && lower.bytes().skip(1).all(|b| b.is_ascii_digit() || b == b'z'))
}
