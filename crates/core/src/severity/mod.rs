//! Severity is policy that runs: facts in, a level and the rule that fired out.

mod facts;
mod level;
mod policy;
mod rules;
#[cfg(test)]
mod tests;
mod text;

pub use facts::{Facts, IncidentKind};
pub use level::{DecidedBy, Decision, Severity};
pub use policy::SeverityPolicy;
pub use rules::assess;
pub use text::{facts_from_text, words};
