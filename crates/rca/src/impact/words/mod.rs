//! Severity from words: learning the weights of `firebell_core::severity::words` from labelled public incidents, and the
//! benchmark that holds them against simpler methods. Nothing here runs in an incident.

mod bench;
mod incidents;
mod logistic;
mod select;
mod tfidf;
mod train;

#[cfg(test)]
mod tests;

pub use bench::{NEWEST, Row, bench};
pub use incidents::{Told, read};
pub use train::train;
