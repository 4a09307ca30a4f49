//! How many parts of a product a sentence names as hit: "incident with A, B and C", "A and B are degraded".

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::super::normal::patterns;

/// One name of at most four words.
macro_rules! item {
    () => {
        r"[a-z0-9][a-z0-9_./+-]*(?: [a-z0-9_./+-]+){0,3}?"
    };
}
macro_rules! list {
    () => {
        concat!("(", item!(), "(?:(?:, and |, | and | & )", item!(), ")*)")
    };
}

static NAMED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        concat!(
            r"\b(?:incident|issues?|problems?|disruptions?|outage|degraded performance|degraded availability|degradation",
            r"|errors?|delays|failures) (?:with|for|of|in|on|across|affecting|impacting) ",
            list!(),
            r"(?:$| (?:is|are|was|were|due|that|which|at|we|from|since|in)\b|[:(])"
        ),
        concat!(
            r"^",
            list!(),
            r" (?:is|are) (?:now |also |currently )*(?:experiencing|seeing|degraded|down|unavailable|failing)"
        ),
    ])
});

/// Words that begin no name.
static NO_NAME: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        r"^(?:some|this|the|our|a|an|all|we|other|multiple|reports|services?|users?|customers?|it|these|[0-9]+)\b",
    ])
});

static BETWEEN: LazyLock<Vec<Regex>> = LazyLock::new(|| patterns(&[r", and |, | and | & "]));

/// Adds the names of one plain sentence.
pub(super) fn named(sentence: &str, into: &mut BTreeSet<String>) {
    for list in NAMED.iter().flat_map(|r| r.captures_iter(sentence)).filter_map(|c| c.get(1)) {
        for name in BETWEEN.iter().flat_map(|r| r.split(list.as_str())).map(str::trim) {
            if !name.is_empty() && !NO_NAME.iter().any(|r| r.is_match(name)) {
                into.insert(name.to_owned());
            }
        }
    }
}
