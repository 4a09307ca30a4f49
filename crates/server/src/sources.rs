//! The configured senders: by name, by key, with their counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use firebell_core::ports::alert_source::AlertSource;
use firebell_integrations::registry;
use firebell_integrations::source_config::{ConfigError, SourceConfig};

use crate::auth::KeyHash;
use crate::metrics::SourceCounts;

/// Largest body, in bytes, compressed or not, unless [`Sources::set_max_body`] says otherwise.
pub const MAX_BODY: usize = 8 << 20;

/// The kind of a sender of OpenTelemetry data: it has a key and no parser of alerts.
const OTLP: &str = "otlp";

/// Who may send.
pub struct Sources {
    by_name: BTreeMap<String, Arc<Source>>,
    otlp: Vec<OtlpSender>,
    max_body: usize,
}

/// A configured sender.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) parser: Box<dyn AlertSource>,
    pub(crate) counts: SourceCounts,
    enabled: bool,
    key: KeyHash,
}

struct OtlpSender {
    enabled: bool,
    key: KeyHash,
}

/// Why a sender is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// No such sender, or not its key: which of both is not told.
    Unknown,
    /// Right key, but switched off.
    Disabled,
}

impl Default for Sources {
    fn default() -> Self {
        Self { by_name: BTreeMap::new(), otlp: Vec::new(), max_body: MAX_BODY }
    }
}

impl Sources {
    /// Nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a sender; kind `otlp` is one of `/v1/traces`, `/v1/metrics` and `/v1/logs`.
    ///
    /// # Errors
    /// Names the source and the field.
    pub fn add(&mut self, config: &SourceConfig) -> Result<(), ConfigError> {
        if config.kind == OTLP {
            config.check()?;
            self.otlp.push(OtlpSender { enabled: config.enabled, key: KeyHash::of(config.key.expose()) });
            return Ok(());
        }
        let parser = registry::build(config)?;
        if self.by_name.contains_key(&config.name) {
            return Err(ConfigError {
                source_name: config.name.clone(),
                field: "name".to_owned(),
                reason: "is taken by an earlier source: names are unique".to_owned(),
            });
        }
        let source = Source {
            name: config.name.clone(),
            kind: parser.kind(),
            parser,
            counts: SourceCounts::default(),
            enabled: config.enabled,
            key: KeyHash::of(config.key.expose()),
        };
        // Who sends with it could not be told from the other.
        let same =
            |other: &&Arc<Source>| other.kind == source.kind && bool::from(other.key.same(&source.key));
        if let Some(other) = self.by_name.values().find(same) {
            return Err(ConfigError {
                source_name: config.name.clone(),
                field: "key".to_owned(),
                reason: format!("is the key of source {:?} too: give each source its own", other.name),
            });
        }
        self.by_name.insert(config.name.clone(), Arc::new(source));
        Ok(())
    }

    /// Adds a key for OpenTelemetry exporters.
    pub fn set_otlp_key(&mut self, key: &str) {
        self.otlp.push(OtlpSender { enabled: true, key: KeyHash::of(key) });
    }

    /// Sets the cap on bodies, in bytes; it holds before and after decompression.
    pub fn set_max_body(&mut self, bytes: usize) {
        self.max_body = bytes;
    }

    pub(crate) fn max_body(&self) -> usize {
        self.max_body
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.by_name.values()
    }

    /// The sender of that name, if the key is its.
    pub(crate) fn named(&self, name: &str, key: &str) -> Result<&Arc<Source>, Denied> {
        let shown = KeyHash::of(key);
        match self.by_name.get(name) {
            Some(source) if bool::from(source.key.same(&shown)) => enabled(source.enabled, source),
            _ => Err(Denied::Unknown),
        }
    }

    /// The sender of a kind whose key it is. All keys are compared, whichever matches.
    pub(crate) fn keyed(&self, kind: &str, key: &str) -> Result<&Arc<Source>, Denied> {
        let shown = KeyHash::of(key);
        let mut found = None;
        for source in self.by_name.values().filter(|s| s.kind == kind) {
            if bool::from(source.key.same(&shown)) {
                found = Some(source);
            }
        }
        found.map_or(Err(Denied::Unknown), |source| enabled(source.enabled, source))
    }

    /// Whether the key is that of an exporter.
    pub(crate) fn exporter(&self, key: &str) -> Result<(), Denied> {
        let shown = KeyHash::of(key);
        let mut found = None;
        for sender in &self.otlp {
            if bool::from(sender.key.same(&shown)) {
                found = Some(sender.enabled);
            }
        }
        found.map_or(Err(Denied::Unknown), |on| enabled(on, ()))
    }
}

fn enabled<T>(on: bool, value: T) -> Result<T, Denied> {
    if on { Ok(value) } else { Err(Denied::Disabled) }
}
