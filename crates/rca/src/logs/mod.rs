//! Logs as text: patterns of lines, templates of patterns, what stands before a message, and what must not be shown.
//!
//! [`Miner`] is the streaming door: lines in, templates out, in bounded memory, whatever their format.

mod accuracy;
mod atom;
mod clock;
mod columns;
mod fields;
mod header;
mod index;
mod level;
mod matching;
mod miner;
mod scan;
mod stack;
mod table;
mod trie;
mod words;

#[cfg(test)]
mod tests;

pub use firebell_core::secrets::{redact, redact_template};

pub use accuracy::{Accuracy, accuracy, normal};
pub use header::{Head, read as head};
pub(crate) use index::Index;
pub use level::{Level, infer as infer_level};
pub(crate) use matching::Matcher;
pub use matching::{is_of_template, template_of};
pub use miner::{Limits, Mined, Miner, Seen, Template, mine};
pub(crate) use stack::FIELDS as STACK_FIELDS;
pub use stack::{Stack, stack, whole};

/// Lines of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogTemplate {
    /// The statement, with `<*>` for what varies.
    pub text: String,
    /// Indexes of its lines in what was given.
    pub lines: Vec<u32>,
}

/// The statements that lines come from, the most frequent first.
pub fn log_templates<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<LogTemplate> {
    let mut miner = Miner::default();
    let numbers: Vec<u32> = lines.map(|line| miner.push(line.as_bytes())).collect();
    let found = miner.templates();
    let mut out: Vec<LogTemplate> =
        found.templates.into_iter().map(|t| LogTemplate { text: t.text, lines: Vec::new() }).collect();
    for (i, n) in numbers.into_iter().enumerate() {
        out[found.of[n as usize] as usize].lines.push(i as u32);
    }
    out
}
