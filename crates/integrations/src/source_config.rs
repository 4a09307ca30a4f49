//! A configured sender, as `[[sources]]` in the configuration says it.

use std::fmt;

use serde::Deserialize;

use crate::generic::Mapping;
use crate::settings;

/// One entry of `[[sources]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// Unique name; part of every fingerprint, so renaming a source makes new alerts of the old ones.
    pub name: String,
    /// What speaks: the name of a folder of this crate, as in [`crate::registry::SOURCES`].
    pub kind: String,
    /// The integration key that a sender must show.
    pub key: Secret,
    /// False: every request is turned away.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Service of alerts that name none.
    #[serde(default)]
    pub service: Option<String>,
    /// Where the fields are; for kind `generic`.
    #[serde(default)]
    pub mapping: Option<Mapping>,
    /// Shared secret that signs each body; for kinds that sign (`github`).
    #[serde(default)]
    pub secret: Option<Secret>,
}

fn yes() -> bool {
    true
}

impl SourceConfig {
    /// Checks what every kind needs.
    ///
    /// # Errors
    /// Names the field.
    pub fn check(&self) -> Result<(), ConfigError> {
        let name_ok = !self.name.is_empty()
            && self.name.len() <= 64
            && self.name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if !name_ok {
            let reason = "must be 1 to 64 letters, digits, dots, hyphens or underscores: it is part of addresses and logs";
            return Err(self.error("name", reason));
        }
        if self.key.expose().len() < 8 {
            return Err(
                self.error("key", "must have at least 8 characters: make one with `openssl rand -hex 16`")
            );
        }
        if self.secret.as_ref().is_some_and(|s| s.expose().is_empty()) {
            return Err(
                self.error("secret", "is empty: leave it out, or give the secret that the sender signs with")
            );
        }
        Ok(())
    }

    /// For kinds that take no mapping.
    ///
    /// # Errors
    /// If there is one.
    pub(crate) fn no_mapping(&self) -> Result<(), ConfigError> {
        match self.mapping {
            None => Ok(()),
            Some(_) => Err(self.error("mapping", "is only read for kind = \"generic\": leave it out")),
        }
    }

    /// For kinds that sign nothing: a secret that is never checked would be a false comfort.
    ///
    /// # Errors
    /// If there is one.
    pub(crate) fn no_secret(&self) -> Result<(), ConfigError> {
        match self.secret {
            None => Ok(()),
            Some(_) => Err(self.error(
                "secret",
                "is only checked for kind = \"github\": leave it out, the key protects this source",
            )),
        }
    }

    pub(crate) fn error(&self, field: &str, reason: impl Into<String>) -> ConfigError {
        ConfigError { source_name: self.name.clone(), field: field.to_owned(), reason: reason.into() }
    }
}

/// A wrong setting of a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("source {source_name:?}, field {field}: {reason}")]
pub struct ConfigError {
    /// Which source.
    pub source_name: String,
    /// Which field: `mapping.labels.instance`.
    pub field: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// A secret text: never printed. In the configuration it stands as it is, or as `{ env = "NAME" }` or
/// `{ file = "/path" }`, which are read with it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "settings::Secret")]
pub struct Secret(String);

impl TryFrom<settings::Secret> for Secret {
    type Error = String;

    fn try_from(configured: settings::Secret) -> Result<Self, String> {
        match configured {
            // An empty one is complained of by the field that it stands in.
            settings::Secret::Plain(text) => Ok(Self(text)),
            elsewhere => elsewhere
                .resolve("sources", "secret")
                .map(|text| Self(text.expose().to_owned()))
                .map_err(|e| e.reason),
        }
    }
}

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for comparing and signing only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
