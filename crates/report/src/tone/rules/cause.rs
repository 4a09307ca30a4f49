//! No cause to customers before it is confirmed.

use super::super::knows::Knows;
use super::super::words::{phrase, sentences, shown};
use super::{Rule, outside};

pub(super) const RULE: Rule = Rule {
    name: "cause",
    reason: "no mitigation has confirmed a cause yet, and one that has to be taken back costs more trust than waiting; say \
             what customers see instead",
    holds_for: outside,
    find,
};

const NAMES_ONE: [&str; 13] = [
    "caused by",
    "root cause",
    "because of",
    "due to",
    "as a result of",
    "the cause is",
    "the cause was",
    "the reason is",
    "the reason was",
    "triggered by",
    "resulted from",
    "traced to",
    "to blame",
];
/// Whoever says that it is not known names none.
const NONE: [&str; 9] = [
    "not known",
    "unknown",
    "not established",
    "not yet",
    "do not",
    "looking for",
    "looking into",
    "investigating",
    "being looked for",
];

fn find(knows: &Knows, text: &str) -> Vec<String> {
    if knows.confirmed {
        return Vec::new();
    }
    let names = |s: &&str| phrase(s, &NAMES_ONE).is_some() && phrase(s, &NONE).is_none();
    sentences(text).into_iter().filter(names).map(shown).collect()
}
