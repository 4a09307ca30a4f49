//! How grave an incident is by its words alone, as status pages grade it: none, minor or major. A small linear model over
//! what the gravest sentence says: terms of the severity table ([`TERMS`]), and runs of words that training picked by a
//! rule. That the gravest sentence decides means that nothing that is said besides can make an incident milder.
//!
//! The weights are data (`weights.json`), learned from labelled incidents by `firebell_rca::impact::words::train`; here
//! they are only applied. A grade is a hint: it may complete what facts say, and never lowers it (see
//! `severity::rules`). What the words say in figures and plain phrases is read elsewhere (`read.rs`).

mod grams;
mod model;
mod terms;
#[cfg(test)]
mod tests;

pub use model::{Model, Trained};
pub use terms::{Features, Grade, Said, Sign, TERMS, Term, Update, features};
