//! Traces as trees: links between spans, critical paths, own time, where failures begin, patterns, and what all of it
//! looks like beside normal traces. Knows no incident: [`explain_traces`] works on any spans.

mod compare;
pub(crate) mod forest;
mod origins;
pub(crate) mod path;
pub(crate) mod patterns;
mod report;
pub(crate) mod service_graph;
pub(crate) mod times;
mod view;

#[cfg(test)]
mod tests;

pub use compare::{Difference, DifferenceKind};
pub use forest::{Defect, DefectKind};
pub use origins::Origin;
pub use patterns::{Pattern, PatternKind};
pub use report::{OperationStats, TraceReport, explain_traces, explain_traces_against};
pub use service_graph::Call;
pub use view::{PathSpan, TraceView};
