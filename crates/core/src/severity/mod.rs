//! Severity is policy that runs: facts in, a level and the rule that fired out.

mod facts;
mod level;
mod policy;
mod rules;
mod text;
#[cfg(test)]
mod tests;

pub use facts::{Facts, IncidentKind};
pub use level::{Decision, DecidedBy, Severity};
pub use policy::SeverityPolicy;
pub use rules::assess;
pub use text::facts_from_text;
