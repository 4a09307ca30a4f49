//! The engines: one file for each sort of telemetry, each handing back signals. A new engine is a file and a line in
//! [`ALL`].

mod cascade;
mod changes;
mod colocation;
mod exfiltration;
mod logs;
mod metrics;
mod phrases;
mod prior;
mod records;
mod releases;
mod requests;
mod security;
mod stacks;
pub(crate) mod state;
mod takeover;
mod traces;
mod warnings;

pub use changes::explain_diff;
pub(crate) use changes::{Turn, peoples_words, turned_away};
pub(crate) use logs::{Behaviour, behaviours};
pub(crate) use prior::apply as apply_priors;
pub(crate) use traces::{Account, weigh_metrics};

use crate::case::Case;
use crate::signal::Signal;
use crate::threads;

/// An engine. It sees the case alone, so that engines run at the same time.
pub(crate) type Engine = fn(&Case<'_>) -> Vec<Signal>;

/// All engines that need no other's signals; signals are in this order.
pub(crate) const ALL: [(&str, Engine); 11] = [
    ("metrics", metrics::run),
    ("cascade", cascade::run),
    ("releases", releases::run),
    ("logs", logs::run),
    ("traces", traces::run),
    ("security", security::run),
    ("requests", requests::run),
    ("exfiltration", exfiltration::run),
    ("takeover", takeover::run),
    ("state", state::run),
    ("warnings", warnings::run),
];

/// What all engines found.
pub(crate) fn run_all(case: &Case<'_>) -> Vec<Signal> {
    let found = threads::each(&ALL, |(_, engine)| engine(case)).into_iter().flatten();
    found.map(by_its_own_name).collect()
}

/// A cache that is down has a cause of its own in the catalogue, whichever engine sees that something does not answer.
fn by_its_own_name(signal: Signal) -> Signal {
    match signal.cause {
        "dependency.unavailable" if signal.component.starts_with("cache/") => {
            Signal { cause: "cache.unavailable", ..signal }
        }
        _ => signal,
    }
}

/// What machines say for which several components are ill: after all that see symptoms.
pub(crate) fn run_shared(case: &Case<'_>, seen: &[Signal]) -> Vec<Signal> {
    colocation::run(case, seen)
}

/// What the ledger of changes says. Last: a change is judged by the harm that the others saw.
pub(crate) fn run_changes(case: &Case<'_>, seen: &[Signal]) -> Vec<Signal> {
    changes::run(case, seen)
}
