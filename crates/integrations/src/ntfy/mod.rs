//! ntfy: push messages by topic, on ntfy.sh or a server of one's own.

mod config;
mod notifier;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use notifier::Ntfy;
