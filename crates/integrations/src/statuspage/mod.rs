//! Atlassian Statuspage: public updates as incidents of a page, and the state of its components.

mod config;
mod notifier;
mod page;
mod words;

#[cfg(test)]
mod double;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use notifier::Statuspage;
