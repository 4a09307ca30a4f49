//! Changes in Firebell's own form, from any script or pipeline.

mod parse;
#[cfg(test)]
mod tests;

pub use parse::SOURCE;
