//! Nobody is blamed.

use super::super::knows::Knows;
use super::super::words::{phrase, sentences, shown};
use super::Rule;

pub(super) const RULE: Rule = Rule {
    name: "blame",
    reason: "it blames somebody; say what happened in the system: people who fear blame report late",
    holds_for: |_| true,
    find,
};

const PHRASES: [&str; 18] = [
    "human error",
    "operator error",
    "user error",
    "to blame",
    "is at fault",
    "was at fault",
    "fault of",
    "careless",
    "carelessness",
    "negligence",
    "negligent",
    "incompetent",
    "incompetence",
    "should have known",
    "forgot to",
    "stupid",
    "sloppy",
    "whose fault",
];

fn find(_: &Knows, text: &str) -> Vec<String> {
    sentences(text).into_iter().filter(|s| phrase(s, &PHRASES).is_some()).map(shown).collect()
}
