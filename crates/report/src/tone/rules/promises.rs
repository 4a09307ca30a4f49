//! No time is promised by which it will be over.

use super::super::knows::Knows;
use super::super::words::{is_time, phrase, sentences, shown, words};
use super::{Rule, outside};

pub(super) const RULE: Rule = Rule {
    name: "promises",
    reason: "nobody knows when it will be over, and a promise that is broken is a second incident; write \"we expect\", or \
             promise the next update only",
    holds_for: outside,
    find,
};

const WILL: [&str; 5] = ["will", "shall", "going to", "we'll", "it'll"];
const OVER: [&str; 18] = [
    "fix",
    "fixed",
    "resolve",
    "resolved",
    "restore",
    "restored",
    "back",
    "working",
    "work again",
    "recovered",
    "mended",
    "solved",
    "over",
    "up again",
    "available",
    "normal",
    "as usual",
    "repaired",
];
const TIMES: [&str; 12] = [
    "minutes", "minute", "hours", "hour", "days", "tomorrow", "tonight", "today", "soon", "shortly", "noon",
    "midnight",
];
const CAREFUL: [&str; 8] = ["expect", "expects", "expected", "hope", "aim", "estimate", "update", "hear"];

fn find(_: &Knows, text: &str) -> Vec<String> {
    let promises = |s: &&str| {
        let when = phrase(s, &TIMES).is_some() || words(s).any(is_time);
        when && phrase(s, &WILL).is_some() && phrase(s, &OVER).is_some() && phrase(s, &CAREFUL).is_none()
    };
    sentences(text).into_iter().filter(promises).map(shown).collect()
}
