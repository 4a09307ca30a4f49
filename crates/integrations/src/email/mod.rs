//! E-mail over SMTP: TLS, STARTTLS, or plain to this machine only. Text with a simple HTML twin; the same message
//! sent twice carries the same Message-ID, so that mail systems can fold the two.

mod compose;
mod config;
mod notifier;

#[cfg(test)]
mod tests;

pub use config::{Config, Encryption};
pub use notifier::Email;
