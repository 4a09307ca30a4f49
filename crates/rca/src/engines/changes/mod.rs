//! Changes: which one could have brought it. Time alone blames nobody: a change needs a mechanism.
//!
//! Looks for: every entry of the ledger, a commit with all deploys that carried it as one candidate, ranked by what it
//! did (typed edits of its diff, each with the harm that such an edit can bring), whether that harm shows (log lines,
//! stacks, metrics, signals of other engines), where it stands on the graph of calls, and when it went live. A change
//! that is not blamed is rejected for a stated reason, as a signal against it.
//!
//! Assumes: diffs are unified, or close to it; a commit goes live with the next deploy of its component; clocks of the
//! ledger and of telemetry agree to a few samples. What people write about a change counts for nothing where its diff is
//! known. Cost: linear in the ledger, in log lines (one pass), and in gauges times known changes.
//!
//! Golden cases: `tests/changes`.

mod calls;
mod complaint;
mod dependency;
mod diff;
mod edit;
mod effect;
mod guards;
mod inert;
mod judge;
mod knob;
mod ledger;
mod lines;
mod names;
mod place;
mod quantity;
mod sql;
mod symptom;
mod timing;
mod turned;
mod values;
mod verdicts;

pub(crate) use complaint::peoples_words;
pub use edit::explain_diff;
pub(crate) use turned::{Turn, turned_away};

use std::collections::BTreeMap;

use crate::case::Case;
use crate::signal::Signal;
use judge::Court;

pub(super) fn run(case: &Case<'_>, seen: &[Signal]) -> Vec<Signal> {
    let candidates = ledger::candidates(case);
    if candidates.is_empty() {
        return Vec::new();
    }
    let symptom = symptom::Symptom::gather(case, seen);
    let mut seen_in: BTreeMap<String, usize> = BTreeMap::new();
    for word in candidates.iter().flat_map(|c| &c.words) {
        *seen_in.entry(word.clone()).or_default() += 1;
    }
    let own_names = case.names.all().map(symptom::plain).collect();
    let court = Court { case, seen, symptom: &symptom, harm: place::harm(seen), seen_in, own_names };
    let judged = candidates.iter().map(|c| (c, court.judge(c))).collect();
    verdicts::signals(case, seen, judged)
}
