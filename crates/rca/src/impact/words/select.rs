//! Which runs of words become terms: by a rule, on the incidents that are learned from and on no others.
//!
//! Each run is scored by how far its odds among major incidents lie from those among the rest, with a prior that is its
//! share of all incidents, in standard deviations (log-odds with an informative Dirichlet prior: Monroe, Colaresi, Quinn,
//! "Fightin' Words", Political Analysis 2008). The strongest are taken that occur often enough, that do not say the same as
//! one that was taken before, and that hold no word of the names of the service's own parts.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::severity::words::{Grade, TERMS};

use super::incidents::Told;

/// Most terms that are taken.
const MOST: usize = 40;
/// Incidents in which a run has to occur.
const LEAST: usize = 5;
/// Share of common incidents (Jaccard) from which on two runs say the same.
const SAME: f64 = 0.8;
/// Words of names that are words of any sentence.
const ANYWHERE: [&str; 6] = ["and", "of", "the", "for", "with", "in"];

/// Terms of these incidents, strongest first.
pub(super) fn select(told: &[&Told]) -> Vec<String> {
    let own: BTreeSet<&str> =
        told.iter().flat_map(|t| &t.parts).map(String::as_str).filter(|w| !ANYWHERE.contains(w)).collect();
    let mut of: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (i, t) in told.iter().enumerate() {
        for term in t.features.terms() {
            of.entry(term).or_default().push(i as u32);
        }
    }
    of.retain(|term, seen| {
        seen.len() >= LEAST
            && TERMS.iter().all(|t| t.name != *term)
            && !term.split(' ').any(|word| own.contains(word))
    });
    let major: Vec<bool> = told.iter().map(|t| t.grade == Grade::Major).collect();
    let mut scored: Vec<(f64, &str)> = of.iter().map(|(term, seen)| (apart(seen, &major), *term)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let mut out: Vec<&str> = Vec::new();
    for (_, term) in scored {
        if out.len() == MOST {
            break;
        }
        if !out.iter().any(|other| common(&of[term], &of[*other]) >= SAME) {
            out.push(term);
        }
    }
    out.into_iter().map(str::to_owned).collect()
}

/// How far apart the odds are, in standard deviations.
fn apart(seen: &[u32], major: &[bool]) -> f64 {
    let n = major.len() as f64;
    let all = major.iter().filter(|m| **m).count() as f64;
    let a = seen.iter().filter(|i| major[**i as usize]).count() as f64;
    let b = seen.len() as f64 - a;
    let share = (seen.len() as f64 + 0.5) / (n + 1.0);
    let (with, without) = (2.0 * share, 2.0 * (1.0 - share));
    let (in_major, in_rest) = (all - a + without, n - all - b + without);
    let between = ((a + with) / in_major).ln() - ((b + with) / in_rest).ln();
    let variance = 1.0 / (a + with) + 1.0 / in_major + 1.0 / (b + with) + 1.0 / in_rest;
    (between / variance.sqrt()).abs()
}

/// Share of the incidents of either that are incidents of both; sorted.
fn common(a: &[u32], b: &[u32]) -> f64 {
    let both = a.iter().filter(|i| b.binary_search(i).is_ok()).count();
    both as f64 / (a.len() + b.len() - both).max(1) as f64
}
