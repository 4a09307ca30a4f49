//! Rules of tone: what must not be in a text to an audience, each with its reason. They hold for every draft, and are told
//! to a person who writes; to customers nothing that breaks one goes out unless the person says so. A new rule is a file
//! in `rules/` and its line in [`rules::ALL`].

mod knows;
mod rules;
#[cfg(test)]
mod tests;
mod words;

use firebell_core::comms::Audience;
use serde::Serialize;

pub use knows::Knows;

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The rule, in one word.
    pub rule: &'static str,
    /// The words that break it.
    pub words: String,
    /// Why they should not be there, and what would be better.
    pub reason: &'static str,
}

impl Remark {
    /// As a sentence.
    pub fn sentence(&self) -> String {
        format!("{:?}: {}", self.words, self.reason)
    }
}

/// Whether a person has to say so before a text with remarks goes to this audience.
pub fn must_confirm(audience: Audience) -> bool {
    audience == Audience::Public
}

/// What is wrong with a text, by what is known of its incident; each rule says at most three things.
pub fn remarks(knows: &Knows, subject: &str, body: &str) -> Vec<Remark> {
    let text = format!("{subject}\n{body}");
    let mut all = Vec::new();
    for rule in rules::ALL {
        if !(rule.holds_for)(knows.audience) {
            continue;
        }
        let mut found = (rule.find)(knows, &text);
        found.dedup();
        all.extend(found.into_iter().take(3).map(|words| Remark {
            rule: rule.name,
            words,
            reason: rule.reason,
        }));
    }
    all
}
