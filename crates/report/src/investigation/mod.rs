//! The report of an investigation: for a terminal ([`terminal`]) and as one HTML page ([`page`]). Both say the same,
//! because both are made of the same facts ([`facts`]). Everything inside a verdict or telemetry that comes from outside is
//! neutralised here.

mod changes;
mod facts;
mod figures;
mod html;
mod path;
mod terminal;
#[cfg(test)]
mod tests;

use firebell_core::next_query::NextQuery;
use firebell_core::telemetry::Telemetry;
use firebell_core::verdict::Verdict;

pub use html::{page, policy};
pub use terminal::{Piece, Tone, terminal};

/// What is reported.
#[derive(Debug, Clone, Copy)]
pub struct Investigation<'a> {
    /// What was looked at, in a few words: the folder of a bundle, or `live, 14:00 to 15:00 UTC`.
    pub of: &'a str,
    /// What it came to.
    pub verdict: &'a Verdict,
    /// What it came to it from: charts, calls and changes are taken from here.
    pub telemetry: &'a Telemetry,
    /// What to ask next, best first.
    pub next: &'a [NextQuery],
    /// What was asked on the way beyond the first look, in a line each.
    pub asked: &'a [String],
    /// What stands beside the verdict, a line each: impact, severity.
    pub beside: &'a [String],
}
