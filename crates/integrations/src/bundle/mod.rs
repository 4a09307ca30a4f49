//! The evidence bundle (`firebell-bundle/1`), read and written: one folder of metrics, logs, traces, alerts, changes,
//! events, topology, cluster objects and recorded commands. Reading never trusts what it reads: sizes are capped,
//! links and paths out of the parent folder are refused, a broken file is reported and the rest is still used.
//! The decoders of single formats are public: live adapters reuse them.

mod alerts;
pub mod anonymise;
mod bench;
mod blocks;
mod changes;
mod clocks;
mod commands;
mod error;
mod events;
mod files;
pub mod jaeger;
mod k8s;
pub mod loglines;
mod meta;
mod metrics;
pub mod otlp;
mod part;
pub mod prometheus;
mod read;
mod repair;
mod summary;
pub mod synthetic;
mod tables;
mod traces;
mod typed;
mod write;

#[cfg(test)]
mod accuracy;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod tests;

pub use bench::{CaseRun, bench, labelled};
pub use changes::change_from_json;
pub use commands::parse as parse_commands;
pub use error::{Broken, Error};
pub use meta::{BundleMeta, FORMAT};
pub use part::decode_file;
pub use read::{Loaded, answer, read};
pub use summary::{FileSummary, Range, Summary};
pub use traces::{TraceFile, parse_traces, read_traces};
pub use write::write;
