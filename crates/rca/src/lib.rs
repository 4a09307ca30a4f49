//! Root-cause analysis behind one narrow door: telemetry in, ranked hypotheses out. Pure: no I/O, no clock, no
//! randomness; equal telemetry gives a byte-identical verdict.
//!
//! Engines ([`engines`]) each read one sort of telemetry and hand back signals; fusion weighs the signals into rival
//! hypotheses. Text inside telemetry is data: it counts by what it shows, never by what it says of itself.

mod absent;
mod blind;
mod breakdown;
mod case;
mod causes;
mod challenge;
mod confidence;
mod engines;
mod evidence;
mod frame;
mod fusion;
mod graph;
pub mod impact;
mod investigate;
mod ledger;
pub mod logs;
mod names;
mod order;
mod outcome;
mod path;
pub mod perturb;
mod placement;
mod queries;
pub mod score;
mod series;
mod settings;
mod shown;
mod signal;
mod steady;
mod text;
mod threads;
mod trace;

#[cfg(test)]
mod tests;

pub use confidence::{CONSTANT, INPUTS, WEIGHTS};
pub use engines::explain_diff;
pub use evidence::reevaluate;
pub use investigate::{investigate, investigate_with_impact, investigate_with_inputs};
pub use logs::{LogTemplate, is_of_template, log_templates};
pub use queries::next_queries;
pub use settings::{Prior, Settings};
pub use trace::{
    Call, Defect, DefectKind, Difference, DifferenceKind, OperationStats, Origin, PathSpan, Pattern,
    PatternKind, TraceReport, TraceView, explain_traces, explain_traces_against,
};
