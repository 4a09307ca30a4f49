//! The rules, one file each.

mod blame;
mod cause;
mod internals;
mod jargon;
mod people;
mod promises;
mod times;

use firebell_core::comms::Audience;

use super::knows::Knows;

/// A rule.
pub(super) struct Rule {
    /// In one word.
    pub(super) name: &'static str,
    /// Why, and what would be better.
    pub(super) reason: &'static str,
    /// For whom.
    pub(super) holds_for: fn(Audience) -> bool,
    /// The words that break it.
    pub(super) find: fn(&Knows, &str) -> Vec<String>,
}

/// All of them.
pub(super) const ALL: [&Rule; 7] = [
    &cause::RULE,
    &people::RULE,
    &internals::RULE,
    &times::RULE,
    &blame::RULE,
    &promises::RULE,
    &jargon::RULE,
];

fn outside(audience: Audience) -> bool {
    matches!(audience, Audience::Public | Audience::Support)
}
