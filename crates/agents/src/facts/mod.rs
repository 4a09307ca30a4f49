//! Facts for severity: measured from service level indicators, and read from words.

mod callers;
mod impact;
mod measure;
mod names;
mod sli;
mod windows;
mod words;

pub(crate) use impact::assess_impact;
pub(crate) use measure::{Measured, measure};
pub(crate) use names::is_indicator;
pub(crate) use words::facts_of_record;
