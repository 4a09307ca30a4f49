//! The assessment of phase 1 from telemetry: who is hit, since when, whether it goes on, what it costs of the error budget,
//! and which components it reached. Severity itself is policy (`firebell_core::severity`): [`Impact::facts`] hands over.
//!
//! Assumptions: what customers feel shows at the edge, the outermost components with measurements of their own; requests
//! stand for users where users cannot be counted. Cost: one pass over series and spans beside preparing the case.
//! Golden cases: `tests.rs`.

mod assess;
mod budget;
mod count;
mod facts;
#[cfg(test)]
mod tests;
pub mod words;

pub(crate) use assess::of_case;
pub use assess::{Affected, Impact, assess};
pub use budget::{Budget, DEFAULT_SLO, PERIOD_DAYS};
pub use count::{Harm, Users};
