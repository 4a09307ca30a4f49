//! A signed webhook: any system of yours that takes a POST. What is sent and how to check it is in this folder's
//! README; [`verify`] does it.

mod config;
mod notifier;
mod sign;
pub mod standard;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use notifier::Webhook;
pub use sign::{SIGNATURE_HEADER, sign, verify};
