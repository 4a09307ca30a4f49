//! Times say by whose clock.

use super::super::knows::Knows;
use super::super::words::{is_time, words};
use super::Rule;

pub(super) const RULE: Rule = Rule {
    name: "times",
    reason: "whoever reads it may be in another time zone; write the zone behind it, as in 14:05 UTC",
    holds_for: |_| true,
    find,
};

fn find(_: &Knows, text: &str) -> Vec<String> {
    let all: Vec<&str> = words(text).collect();
    let mut found = Vec::new();
    for (at, word) in all.iter().enumerate() {
        let (time, rest) = match clock(word, all.get(at + 1).copied()) {
            Some((time, used)) => (time, &all[(at + 1 + used).min(all.len())..]),
            None => continue,
        };
        let mut rest = rest.iter();
        let next = match rest.next() {
            // A span has its zone at its end.
            Some(&("to" | "and" | "until" | "or" | "-")) if rest.clone().take(2).any(|w| is_time(w)) => {
                continue;
            }
            Some(next) if is_time(next) => continue,
            next => next,
        };
        if !next.is_some_and(|word| is_zone(word)) {
            found.push(time);
        }
    }
    found
}

/// A time at this word, and how many further words it takes.
fn clock(word: &str, next: Option<&str>) -> Option<(String, usize)> {
    if is_time(word) {
        let half = next.filter(|n| is_half(n));
        return Some((word.to_owned(), usize::from(half.is_some())));
    }
    let hour = |text: &str| text.parse::<u8>().is_ok_and(|h| (1..=12).contains(&h));
    let lower = word.to_lowercase();
    if let Some(number) = lower.strip_suffix("am").or_else(|| lower.strip_suffix("pm"))
        && (hour(number) || is_time(number))
    {
        return Some((word.to_owned(), 0));
    }
    match next {
        Some(half) if hour(word) && is_half(half) => Some((format!("{word} {half}"), 1)),
        _ => None,
    }
}

fn is_half(word: &str) -> bool {
    ["am", "pm", "a.m", "p.m"].contains(&word.to_lowercase().as_str())
}

/// `UTC`, `CEST`, `UTC+2`, `+02:00`, `Europe/Berlin`.
fn is_zone(word: &str) -> bool {
    let letters = word.split(['+', '-']).next().unwrap_or(word);
    let short = (2..=5).contains(&letters.len()) && letters.bytes().all(|b| b.is_ascii_uppercase());
    let offset = word.strip_prefix('+').is_some_and(|o| o.bytes().all(|b| b.is_ascii_digit() || b == b':'));
    let place = word.split_once('/').is_some_and(|(a, b)| {
        let capital = |t: &str| t.chars().next().is_some_and(char::is_uppercase);
        capital(a) && capital(b)
    });
    short || offset || place
}
