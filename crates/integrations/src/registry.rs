//! The kinds of senders by name. They are listed in `lib.rs`, one line each. Which adapters query other systems is not
//! here.

use firebell_core::ports::alert_source::AlertSource;

use crate::source_config::{ConfigError, SourceConfig};

/// The annotation of an alert whose start was not believed, because its sender's clock cannot be right.
pub const SKEW_NOTE: &str = crate::body::SKEW_NOTE;

#[cfg(test)]
mod tests;

/// The kinds that `[[sources]] kind = "…"` may name.
pub const SOURCES: &[SourceKind] = crate::ALERT_SOURCES;

/// A kind of sender.
#[derive(Debug, Clone, Copy)]
pub struct SourceKind {
    /// As in the configuration; the folder has the same name.
    pub kind: &'static str,
    /// For people.
    pub title: &'static str,
    /// What it reads and how to set the sender up.
    pub docs: &'static str,
    /// Headers that its contract gives meaning, in lower case; `ce-*` means all that begin so. It is shown no others.
    pub headers: &'static [&'static str],
    /// Makes a configured source.
    pub build: fn(&SourceConfig) -> Result<Box<dyn AlertSource>, ConfigError>,
}

/// The kind of that name.
pub fn find(kind: &str) -> Option<&'static SourceKind> {
    SOURCES.iter().find(|s| s.kind == kind)
}

/// Checks a configuration and makes its source.
///
/// # Errors
/// Names the source and the field.
pub fn build(config: &SourceConfig) -> Result<Box<dyn AlertSource>, ConfigError> {
    config.check()?;
    match find(&config.kind) {
        Some(kind) => (kind.build)(config),
        None => {
            let known: Vec<_> = SOURCES.iter().map(|s| s.kind).collect();
            Err(config.error("kind", format!("{:?} is unknown: one of {}", config.kind, known.join(", "))))
        }
    }
}
