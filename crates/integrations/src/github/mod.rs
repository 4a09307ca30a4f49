//! GitHub's deployment_status webhook, with its signature. Calling GitHub's API is not here.

mod parse;
#[cfg(test)]
mod tests;

pub use parse::SOURCE;
