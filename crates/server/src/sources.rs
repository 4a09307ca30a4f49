//! The configured senders: by name, by key, with their counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use firebell_core::ports::alert_source::AlertSource;
use firebell_core::secrets::Mask;
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
    otlp: Vec<Exporter>,
    strangers: Vec<(&'static str, SourceCounts)>,
    max_body: usize,
    mask: Mask,
}

/// Stands for the source in counts of requests whose sender is not known: no configured name can be written so.
pub(crate) const STRANGER: &str = "(unknown)";

/// A configured sender.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) parser: Box<dyn AlertSource>,
    /// Headers that its parser is shown.
    pub(crate) headers: &'static [&'static str],
    pub(crate) counts: SourceCounts,
    enabled: bool,
    key: KeyHash,
}

/// A sender of OpenTelemetry data.
pub(crate) struct Exporter {
    pub(crate) name: String,
    pub(crate) counts: SourceCounts,
    enabled: bool,
    key: KeyHash,
}

/// Why a sender is turned away.
#[derive(Clone, Copy)]
pub(crate) enum Denied<'a> {
    /// No such sender, or not its key: which of both is not told.
    Unknown,
    /// Right key, but switched off; counted here.
    Disabled(&'a SourceCounts),
}

impl Default for Sources {
    fn default() -> Self {
        let strangers = ["pagerduty", OTLP].map(|kind| (kind, SourceCounts::default())).into();
        Self {
            by_name: BTreeMap::new(),
            otlp: Vec::new(),
            strangers,
            max_body: MAX_BODY,
            mask: Mask::default(),
        }
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
            if self.otlp.iter().any(|e| e.name == config.name) {
                return Err(taken(config));
            }
            self.export(&config.name, config.enabled, config.key.expose());
            return Ok(());
        }
        let parser = registry::build(config)?;
        if self.by_name.contains_key(&config.name) {
            return Err(taken(config));
        }
        let source = Source {
            name: config.name.clone(),
            kind: parser.kind(),
            headers: registry::find(&config.kind).map_or(&[], |kind| kind.headers),
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

    /// What is put over all that they send before it is stored; without it one without a key is.
    pub fn set_mask(&mut self, mask: &Mask) {
        self.mask = mask.clone();
    }

    pub(crate) fn mask(&self) -> &Mask {
        &self.mask
    }

    /// Adds a key for OpenTelemetry exporters.
    pub fn set_otlp_key(&mut self, key: &str) {
        // In parentheses, so that it is no configured name.
        let name = match self.otlp.len() {
            0 => "(otlp)".to_owned(),
            n => format!("(otlp {})", n + 1),
        };
        self.export(&name, true, key);
    }

    fn export(&mut self, name: &str, enabled: bool, key: &str) {
        self.otlp.push(Exporter {
            name: name.to_owned(),
            counts: SourceCounts::default(),
            enabled,
            key: KeyHash::of(key),
        });
    }

    /// Name, kind, and whether it is switched on, of each configured sender.
    pub(crate) fn listed(&self) -> Vec<(String, String, bool)> {
        let alerts = self.by_name.values().map(|s| (s.name.clone(), s.kind.to_owned(), s.enabled));
        let exporters = self.otlp.iter().map(|e| (e.name.clone(), OTLP.to_owned(), e.enabled));
        alerts.chain(exporters).collect()
    }

    /// Sets the cap on bodies, in bytes; it holds before and after decompression.
    pub fn set_max_body(&mut self, bytes: usize) {
        self.max_body = bytes;
    }

    pub(crate) fn max_body(&self) -> usize {
        self.max_body
    }

    /// Name, kind and counts of every sender, and of those who are not known.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&str, &'static str, &SourceCounts)> {
        let known = self.by_name.values().map(|s| (s.name.as_str(), s.kind, &s.counts));
        let exporters = self.otlp.iter().map(|e| (e.name.as_str(), OTLP, &e.counts));
        known.chain(exporters).chain(self.strangers.iter().map(|(kind, counts)| (STRANGER, *kind, counts)))
    }

    /// Counts of requests to a kind's endpoint that do not say from whom they are.
    pub(crate) fn strangers(&self, kind: &str) -> Option<&SourceCounts> {
        self.strangers.iter().find(|(k, _)| *k == kind).map(|(_, counts)| counts)
    }

    /// The sender of that name, if the key is its.
    pub(crate) fn named(&self, name: &str, key: &str) -> Result<&Arc<Source>, Denied<'_>> {
        let shown = KeyHash::of(key);
        match self.by_name.get(name) {
            Some(source) if bool::from(source.key.same(&shown)) => admit(source),
            _ => Err(Denied::Unknown),
        }
    }

    /// The sender of a kind whose key it is. All keys are compared, whichever matches.
    pub(crate) fn keyed(&self, kind: &str, key: &str) -> Result<&Arc<Source>, Denied<'_>> {
        let shown = KeyHash::of(key);
        let mut found = None;
        for source in self.by_name.values().filter(|s| s.kind == kind) {
            if bool::from(source.key.same(&shown)) {
                found = Some(source);
            }
        }
        found.map_or(Err(Denied::Unknown), admit)
    }

    /// The exporter whose key it is.
    pub(crate) fn exporter(&self, key: &str) -> Result<&Exporter, Denied<'_>> {
        let shown = KeyHash::of(key);
        let mut found = None;
        for sender in &self.otlp {
            if bool::from(sender.key.same(&shown)) {
                found = Some(sender);
            }
        }
        let found = found.ok_or(Denied::Unknown)?;
        if found.enabled { Ok(found) } else { Err(Denied::Disabled(&found.counts)) }
    }
}

fn taken(config: &SourceConfig) -> ConfigError {
    ConfigError {
        source_name: config.name.clone(),
        field: "name".to_owned(),
        reason: "is taken by an earlier source: names are unique".to_owned(),
    }
}

fn admit(source: &Arc<Source>) -> Result<&Arc<Source>, Denied<'_>> {
    if source.enabled { Ok(source) } else { Err(Denied::Disabled(&source.counts)) }
}
