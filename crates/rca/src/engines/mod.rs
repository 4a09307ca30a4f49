//! The engines: one file for each sort of telemetry, each handing back signals. A new engine is a file and a line in
//! [`ALL`].

mod cascade;
mod changes;
mod logs;
mod metrics;
mod phrases;
mod prior;
mod security;
mod stacks;
pub(crate) mod state;
mod traces;
mod warnings;

pub use changes::explain_diff;
pub(crate) use changes::{Turn, peoples_words, turned_away};
pub(crate) use prior::apply as apply_priors;
pub(crate) use traces::weigh_metrics;

use crate::case::Case;
use crate::signal::Signal;

/// An engine; later ones see the signals of earlier ones.
pub(crate) type Engine = fn(&Case<'_>, &[Signal]) -> Vec<Signal>;

/// All engines in the order in which they run.
pub(crate) const ALL: [(&str, Engine); 8] = [
    ("metrics", metrics::run),
    ("cascade", cascade::run),
    ("logs", logs::run),
    ("traces", traces::run),
    ("security", security::run),
    ("state", state::run),
    ("warnings", warnings::run),
    // Last: a change is judged by the harm that the others saw.
    ("changes", changes::run),
];
