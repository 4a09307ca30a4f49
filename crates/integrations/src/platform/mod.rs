//! The platform API (`docs/platform-api.md`) over HTTP: how approved mitigations are carried out, and what runs now.

mod client;
mod config;
mod source;

#[cfg(test)]
mod tests;

pub use client::HttpPlatform;
pub use config::Config;
