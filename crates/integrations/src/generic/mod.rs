//! Any JSON sender: where its fields are is said in the configuration.

mod mapping;
mod parse;
#[cfg(test)]
mod tests;

pub use mapping::Mapping;
pub use parse::SOURCE;
