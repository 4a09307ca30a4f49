//! How grave an incident is by its words alone, as status pages grade it: none, minor or major. A small linear model over
//! interpretable terms ([`TERMS`]): what is said of availability, of how many are hit, of how many parts are named.
//!
//! The weights are data (`weights.json`), learned from labelled incidents by `firebell_rca::impact::words::train`; here
//! they are only applied. A grade is a hint: it may complete what facts say, and never lowers it (see
//! `severity::rules`). What the words say in figures and plain phrases is read elsewhere (`read.rs`).

mod model;
mod named;
mod terms;
#[cfg(test)]
mod tests;

pub use model::{Model, Trained};
pub use terms::{Features, Grade, Sign, TERMS, Term, Update, features};
