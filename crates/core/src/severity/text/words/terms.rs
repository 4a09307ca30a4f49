//! The terms: what is looked for in each sentence of a title and of what was told so far. Some come from the words of the
//! severity table ([`TERMS`]); all others are runs of words that training picks by itself (see `grams`).

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::super::normal::{patterns, sentences};
use super::super::numbers::{error_ratio, users_affected};
use super::grams::grams;

/// So many updates are read: what is told later is known too late to grade by.
const READ: usize = 2;
/// A share of users or requests from here on is a wide one …
const WIDE: f64 = 0.2;
/// … and one below this a part.
const PART: f64 = 0.1;

/// How grave status pages call an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Told of, but not graded as harm: mostly what was over before it was told.
    None,
    /// Degraded, or for some.
    Minor,
    /// A part is down, or much of it is hit. Critical incidents are counted here: there are too few to learn from.
    Major,
}

impl Grade {
    /// All, mildest first.
    pub const ALL: [Self; 3] = [Self::None, Self::Minor, Self::Major];

    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// One message about an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Update<'a> {
    /// `Investigating`, `Resolved`, …; empty where there is none.
    pub status: &'a str,
    /// The message.
    pub text: &'a str,
}

/// Which way a term may pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It tells of more harm: its weight is never negative.
    Worse,
    /// It limits the harm: its weight is never positive.
    Milder,
}

/// One thing that words may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// Its name in the weights.
    pub name: &'static str,
    /// Which way it may pull.
    pub sign: Sign,
}

const fn term(name: &'static str, sign: Sign) -> Term {
    Term { name, sign }
}

/// The terms that come from the severity table: out of order for all, a share of users that makes two indicators, and one
/// that is far from it. [`Said::has`] has one place for each.
pub const TERMS: [Term; 3] = [
    term("table: out of order", Sign::Worse),
    term("table: wide", Sign::Worse),
    term("table: part", Sign::Milder),
];
const WIDELY: usize = 1;
const PARTLY: usize = 2;

/// The phrases of these terms, in their order.
static PHRASES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        r"\boutage\b|\b(?:un|in)(?:available|accessible|reachable)\b|\b(?:is|are) down\b|\bnot (?:available|working)\b",
        r"\ball (?:of )?(?:our |the )?(?:users|customers|requests)\b|\bevery(?:one|body)\b|\bmost (?:users|customers|requests)\b",
        r"\b(?:small|tiny) (?:number|share|fraction|percentage|subset)\b|\b(?:a )?few (?:users|customers|requests)\b",
    ])
});

/// A report of what is past, where no status says so: "between 10:02 and 10:40 requests were failing".
static PAST: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        r"\bbetween [ -~]{4,80} and [ -~]{2,80}\b(?:was|were|had|experienced|failed|saw|received)\b|^[ -@\[-`{-~]*retroactive\b",
    ])
});

/// What one sentence says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// One place a term of [`TERMS`].
    pub has: [bool; TERMS.len()],
    /// Its runs of words.
    pub grams: BTreeSet<String>,
}

impl Said {
    /// Names of all terms that hold.
    pub fn terms(&self) -> impl Iterator<Item = &str> + '_ {
        let table = TERMS.iter().zip(&self.has).filter(|(_, has)| **has).map(|(term, _)| term.name);
        table.chain(self.grams.iter().map(String::as_str))
    }
}

/// What the words say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Features {
    /// Sentence by sentence.
    pub sentences: Vec<Said>,
    /// It was over when it was first told.
    pub over: bool,
}

impl Features {
    /// Names of all terms that hold anywhere.
    pub fn terms(&self) -> BTreeSet<&str> {
        self.sentences.iter().flat_map(Said::terms).collect()
    }
}

/// Reads a title and the first two updates. Equal words give equal features; words that ask for a level are not read.
pub fn features(title: &str, updates: &[Update<'_>]) -> Features {
    let updates = &updates[..updates.len().min(READ)];
    let mut out = Features::default();
    let told = updates.iter().map(|u| sentences(u.text));
    for (place, sentences) in std::iter::once(sentences(title)).chain(told).enumerate() {
        for sentence in &sentences {
            let mut said = Said { grams: grams(sentence), ..Said::default() };
            for (has, phrase) in said.has.iter_mut().zip(PHRASES.iter()) {
                *has = phrase.is_match(sentence);
            }
            for share in [users_affected(sentence), error_ratio(sentence)].into_iter().flatten() {
                said.has[WIDELY] |= share.value >= WIDE;
                said.has[PARTLY] |= share.value < PART;
            }
            out.sentences.push(said);
        }
        if place == 1 && updates[0].status.is_empty() {
            out.over = sentences.iter().any(|s| PAST.iter().any(|r| r.is_match(s)));
        }
    }
    out.over |= updates.first().is_some_and(|u| {
        ["resolved", "completed", "postmortem"].iter().any(|s| u.status.eq_ignore_ascii_case(s))
    });
    out
}

#[cfg(test)]
pub(super) fn phrases() -> usize {
    PHRASES.len()
}
