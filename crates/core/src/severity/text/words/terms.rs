//! The terms: what is looked for in a title and in what was told so far. A new term is a line of [`TERMS`] and, where it is
//! a phrase, one of `PHRASES`; the weights have to be learned anew.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::super::normal::{patterns, sentences};
use super::super::numbers::{error_ratio, users_affected};
use super::named::named;

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
    /// What it means is learned.
    Free,
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

/// All terms; [`Features::has`] has one place for each.
pub const TERMS: [Term; 17] = [
    term("availability", Sign::Worse),
    term("outage", Sign::Worse),
    term("wide", Sign::Worse),
    term("failing", Sign::Worse),
    term("performance", Sign::Free),
    term("slow", Sign::Free),
    term("part", Sign::Milder),
    term("some", Sign::Milder),
    term("rest_works", Sign::Milder),
    term("provider", Sign::Free),
    term("messages", Sign::Free),
    term("availability_at_once", Sign::Worse),
    term("named_2", Sign::Worse),
    term("named_3", Sign::Worse),
    term("named_4", Sign::Worse),
    term("named_6", Sign::Worse),
    term("spreads", Sign::Worse),
];
const AVAILABILITY: usize = 0;
const WIDELY: usize = 2;
const PARTLY: usize = 6;
const AT_ONCE: usize = 11;
/// From so many names on, and the place of its term.
const NAMES: [(usize, usize); 4] = [(2, 12), (3, 13), (4, 14), (6, 15)];
const SPREADS: usize = 16;

/// The phrases of the first terms, in their order.
static PHRASES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        r"\b(?:degraded|reduced|partial) availability|\bavailability (?:issue|problem)|\bpartial outage",
        concat!(
            r"\boutage\b|\b(?:un|in)(?:available|accessible|reachable)\b|\b(?:is|are) down\b|\boffline\b|\bdisruptions? (?:to|of)\b",
            r"|\b(?:not|isn't|aren't) (?:available|loading|load|accessible|working)\b"
        ),
        concat!(
            r"\ball (?:of )?(?:our |the )?(?:[a-z]+ )?(?:users|customers|services|requests|types|features|regions)\b",
            r"|\bevery(?:one|body)\b|\bmany\b|\bsignificant|\bhigh (?:number|rate)|\bmajority\b|\bseveral\b|\bwidespread\b",
            r"|\bacross (?:a number|multiple|all|many|several)\b|\bmultiple (?:[a-z]+ ){0,2}(?:services|regions|features|products)",
            r"|\bnumber of (?:[a-z]+ ){1,2}(?:services|features)\b"
        ),
        concat!(
            r"\bfail|\berror|\bunable\b|\bcan ?not\b|\bcan't\b|\bnot (?:be able|able)\b|\b[45][0-9][0-9]\b|\bbroken\b|\bblock",
            r"|\bstalled\b|\bunsuccessful"
        ),
        r"\bdegraded performance\b|\bperformance (?:issue|problem|degradation)|\bdegradation\b",
        r"\bdelay|\bslow|\blatenc|\bwait|\blonger\b|\bqueue|\bstale\b|\blag",
        concat!(
            r"\bsmall|\btiny\b|\blimited\b|\bfew\b|\bsubset\b|\bfraction\b|\bminority\b|\bless than\b|< ?[0-9]|\bunder [0-9]",
            r"|\bcertain\b|\bsingle\b|(?:^|[ ,:(<~=+-])[0-9](?:\.[0-9]+)? ?%"
        ),
        r"\bsome (?:users|customers|of|new)\b|\b(?:may|might) (?:see|experience|be|not|take|fail)\b|\bintermittent|\bsporadic",
        concat!(
            r"\brecover|\boperating normally|\bnormal functionality|\bnot (?:impacted|affected)|\bunaffected|\bno longer\b",
            r"|\bworking (?:normally|as expected)|\bother [a-z]+(?: [a-z]+)? (?:are|is|remain|should|work|continue)|\bretry"
        ),
        r"\bupstream\b|\bthird[ -]party\b|\bproviders?\b",
        concat!(
            r"\be-?mails?\b|\bnotifications?\b|\blive updates?\b|\bintegrations?\b|\bimporter|\bmigrations?\b",
            r"|\bwebhooks? deliver"
        ),
    ])
});

static MORE_HIT: LazyLock<Vec<Regex>> =
    LazyLock::new(|| patterns(&[r"\b(?:is|are) (?:now |also |currently )*experiencing degraded"]));

/// A report of what is past, where no status says so: "between 10:02 and 10:40 requests were failing".
static PAST: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        r"\bbetween [ -~]{4,80} and [ -~]{2,80}\b(?:was|were|had|experienced|failed|saw|received)\b|^[ -@\[-`{-~]*retroactive\b",
    ])
});

/// What the words say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Features {
    /// One place a term of [`TERMS`].
    pub has: [bool; TERMS.len()],
    /// It was over when it was first told.
    pub over: bool,
}

impl Features {
    /// Names of the terms that hold.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        TERMS.iter().zip(&self.has).filter(|(_, has)| **has).map(|(term, _)| term.name)
    }
}

/// Reads a title and the first two updates. Equal words give equal features; words that ask for a level are not read.
pub fn features(title: &str, updates: &[Update<'_>]) -> Features {
    let updates = &updates[..updates.len().min(READ)];
    let mut out = Features::default();
    let mut names = BTreeSet::new();
    let told = updates.iter().map(|u| sentences(u.text));
    for (place, sentences) in std::iter::once(sentences(title)).chain(told).enumerate() {
        for sentence in &sentences {
            for (has, phrase) in out.has.iter_mut().zip(PHRASES.iter()) {
                *has |= phrase.is_match(sentence);
            }
            for share in [users_affected(sentence), error_ratio(sentence)].into_iter().flatten() {
                out.has[WIDELY] |= share.value >= WIDE;
                out.has[PARTLY] |= share.value < PART;
            }
            named(sentence, &mut names);
            out.has[AT_ONCE] |= place == 1 && PHRASES[AVAILABILITY].is_match(sentence);
            out.has[SPREADS] |= place > 1 && MORE_HIT.iter().any(|r| r.is_match(sentence));
        }
        if place == 1 && updates[0].status.is_empty() {
            out.over = sentences.iter().any(|s| PAST.iter().any(|r| r.is_match(s)));
        }
    }
    for (least, place) in NAMES {
        out.has[place] = names.len() >= least;
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
