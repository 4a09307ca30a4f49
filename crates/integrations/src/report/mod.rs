//! A person's report: what somebody saw, in words.

mod parse;
#[cfg(test)]
mod tests;

pub use parse::SOURCE;
