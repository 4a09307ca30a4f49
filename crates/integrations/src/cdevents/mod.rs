//! CDEvents in CloudEvents, structured, batched or binary: deployments become changes, incidents become signals.

mod parse;
#[cfg(test)]
mod tests;

pub use parse::SOURCE;
