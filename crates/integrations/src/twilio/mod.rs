//! Twilio: SMS and calls, what becomes of them, and what people reply or press.

mod config;
mod errors;
mod inbound;
mod notifier;
mod twiml;

#[cfg(test)]
mod tests;

pub use config::{Config, Mode};
pub use inbound::{Settings, parse};
pub use notifier::Twilio;
