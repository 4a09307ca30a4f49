//! What the configuration of every adapter is made of: secrets that never print, and the error that names the
//! field. Nothing here talks to a network.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

/// A configured adapter that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{adapter}: {field}: {reason}")]
pub struct ConfigError {
    /// `prometheus/main`: kind and configured name.
    pub adapter: String,
    /// Which field.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

impl ConfigError {
    /// A configuration error.
    pub fn new(adapter: impl Into<String>, field: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self { adapter: adapter.into(), field: field.into(), reason: reason.to_string() }
    }
}

/// A secret as configured: `"plain text"`, `{ env = "NAME" }` or `{ file = "/path" }`. Its text is never printed,
/// neither by `Debug` nor in errors, and it has no `Serialize`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Secret {
    /// The secret itself, in the configuration file.
    Plain(String),
    /// In an environment variable.
    Env(EnvSecret),
    /// In a file; a line end at its end is cut off.
    File(FileSecret),
}

/// `{ env = "NAME" }`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvSecret {
    /// Name of the variable.
    pub env: String,
}

/// `{ file = "/path" }`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSecret {
    /// Path of the file.
    pub file: PathBuf,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Secret(***)"),
            Self::Env(e) => write!(f, "Secret(env {})", e.env),
            Self::File(p) => write!(f, "Secret(file {})", p.file.display()),
        }
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl Secret {
    /// Reads the secret from where it is.
    ///
    /// # Errors
    /// If the variable is not set, the file cannot be read, or the secret is empty; the text names the place only.
    pub fn resolve(&self, adapter: &str, field: &str) -> Result<SecretText, ConfigError> {
        let text = match self {
            Self::Plain(text) => text.clone(),
            Self::Env(e) => std::env::var(&e.env).map_err(|_| {
                ConfigError::new(adapter, field, format!("environment variable {} is not set: set it", e.env))
            })?,
            Self::File(p) => {
                let text = std::fs::read_to_string(&p.file).map_err(|e| {
                    ConfigError::new(adapter, field, format!("cannot read {}: {e}", p.file.display()))
                })?;
                text.trim_end_matches(['\r', '\n']).to_owned()
            }
        };
        if text.is_empty() {
            return Err(ConfigError::new(adapter, field, "is empty: give a secret, or leave the field out"));
        }
        Ok(SecretText(text))
    }
}

/// A secret's text. Asked for by [`SecretText::expose`] only, so that every use can be found.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// A secret that the other side gave.
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text; hand it to the other side, never to a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How to reach and sign in to an HTTP system: what the adapters' own configuration is turned into.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    /// Base address, path prefix included.
    pub url: String,
    /// `Authorization: Bearer`.
    pub bearer_token: Option<Secret>,
    /// `Authorization: Basic`, with `password`.
    pub username: Option<String>,
    /// See `username`.
    pub password: Option<Secret>,
    /// Further headers: `X-Scope-OrgID`.
    pub headers: BTreeMap<String, Secret>,
    /// PEM file of certificates to trust besides those of the machine.
    pub ca_file: Option<PathBuf>,
    /// For one call, its answer included, seconds.
    pub timeout_s: f64,
    /// Largest answer, bytes.
    pub max_body: usize,
}

/// Checks a number of seconds from the configuration.
pub(crate) fn seconds(adapter: &str, field: &str, value: f64) -> Result<std::time::Duration, ConfigError> {
    if !(0.05..=3600.0).contains(&value) {
        return Err(ConfigError::new(
            adapter,
            field,
            format!("{value} is not between 0.05 and 3600 seconds"),
        ));
    }
    Ok(std::time::Duration::from_secs_f64(value))
}

/// Makes `kind/name` of a configured name, which must be plain so that it can stand in evidence and metrics.
pub(crate) fn adapter_name(kind: &str, name: &str) -> Result<String, ConfigError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(ConfigError::new(
            format!("{kind}/{}", name.chars().filter(|c| plain(*c)).take(64).collect::<String>()),
            "name",
            "must be 1 to 64 letters, digits, '-', '_' or '.'",
        ));
    }
    Ok(format!("{kind}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Holder {
        key: Secret,
    }

    #[test]
    fn secrets_come_from_text_environment_or_file_and_never_print() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let file = dir.path().join("key");
        std::fs::write(&file, "from-file\n").expect("written");
        let json = format!(r#"{{"key": {{"file": {:?}}}}}"#, file);
        let holder: Holder = serde_json::from_str(&json).expect("parses");
        assert_eq!(holder.key.resolve("a/b", "key").expect("reads").expose(), "from-file");
        let plain: Holder = serde_json::from_str(r#"{"key": "hunter2"}"#).expect("parses");
        assert!(!format!("{plain:?}").contains("hunter2"));
        let text = plain.key.resolve("a/b", "key").expect("reads");
        assert_eq!(format!("{text:?}"), "***");
        // PATH is set wherever tests run.
        let env: Holder = serde_json::from_str(r#"{"key": {"env": "PATH"}}"#).expect("parses");
        assert!(env.key.resolve("a/b", "key").is_ok());
    }

    #[test]
    fn a_missing_secret_names_its_place_only() {
        let secret = Secret::Env(EnvSecret { env: "FIREBELL_NO_SUCH_VARIABLE".into() });
        let error = secret.resolve("email/oncall", "password").expect_err("not set");
        assert_eq!(
            error.to_string(),
            "email/oncall: password: environment variable FIREBELL_NO_SUCH_VARIABLE is not set: set it"
        );
        assert!(Secret::Plain(String::new()).resolve("a/b", "key").is_err());
        assert!(serde_json::from_str::<Holder>(r#"{"key": {"env": "A", "file": "B"}}"#).is_err());
    }

    #[test]
    fn names_are_plain() {
        assert_eq!(adapter_name("prometheus", "main").as_deref(), Ok("prometheus/main"));
        for bad in ["", "a/b", "a b", "\n", &"x".repeat(65)] {
            assert!(adapter_name("prometheus", bad).is_err(), "{bad:?}");
        }
    }
}
