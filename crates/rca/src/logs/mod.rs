//! Logs as text: patterns of lines, templates of patterns, what stands before a message, and what must not be shown.
//!
//! [`Miner`] is the streaming door: lines in, templates out, in bounded memory, whatever their format.

mod accuracy;
mod atom;
mod clock;
mod columns;
mod fields;
mod header;
mod level;
mod matching;
mod miner;
mod redact;
mod scan;
mod stack;
mod table;
mod trie;
mod words;

#[cfg(test)]
mod tests;

pub use accuracy::{Accuracy, accuracy, normal};
pub use header::{Head, read as head};
pub use level::{Level, infer as infer_level};
pub use matching::{is_of_template, template_of};
pub use miner::{Limits, Mined, Miner, Seen, Template, mine};
pub use redact::{redact, redact_template};
pub use stack::{Stack, stack};
