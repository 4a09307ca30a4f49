//! Issues of a repository on GitHub.

mod config;
#[cfg(test)]
mod emulated;
mod hook;
#[cfg(test)]
mod tests;
mod tracker;

pub(crate) use config::Config;
pub(super) use hook::Hook;
pub(super) use tracker::Github;
