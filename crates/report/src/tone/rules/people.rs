//! No names of people outside.

use super::super::knows::Knows;
use super::super::words::{phrase, words};
use super::{Rule, outside};

pub(super) const RULE: Rule = Rule {
    name: "people",
    reason: "names of people stay inside: whoever is named in public is asked, praised or blamed there; say \"we\" or \"the \
             team\"",
    holds_for: outside,
    find,
};

/// Names that are words too: they count only where the whole name stands.
const WORDS: [&str; 40] = [
    "april",
    "art",
    "august",
    "bill",
    "case",
    "chase",
    "christian",
    "dawn",
    "dean",
    "drew",
    "faith",
    "frank",
    "grace",
    "grant",
    "guy",
    "hope",
    "jack",
    "joy",
    "june",
    "lane",
    "mark",
    "max",
    "may",
    "miles",
    "pat",
    "page",
    "price",
    "ray",
    "rich",
    "rob",
    "rose",
    "sky",
    "sue",
    "summer",
    "team",
    "trace",
    "wade",
    "will",
    "young",
    "long",
];

fn find(knows: &Knows, text: &str) -> Vec<String> {
    knows.people.iter().filter(|name| is_there(name, text)).cloned().collect()
}

fn is_there(name: &str, text: &str) -> bool {
    let lower = name.to_lowercase();
    let parts: Vec<&str> = name.split_whitespace().collect();
    if parts.len() > 1 && phrase(text, &[lower.as_str()]).is_some() {
        return true;
    }
    parts.iter().any(|part| {
        let plain = part.to_lowercase();
        let telling = part.chars().count() >= 3 && !WORDS.contains(&plain.as_str());
        telling
            && words(text).any(|word| {
                let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
                // A name begins with a capital, unless it is an account's.
                let capital = word.chars().next().is_some_and(char::is_uppercase) || *part == plain;
                capital && word.to_lowercase() == plain
            })
    })
}
