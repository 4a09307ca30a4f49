//! What `[otlp]` holds.

use serde::Deserialize;

use crate::settings::ConfigError;

/// The embedded store.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Memory for all signals together, MiB.
    pub max_mib: usize,
    /// What is older is dropped, seconds.
    pub max_age_s: u64,
    /// Most metric series; new ones beyond are refused and counted.
    pub max_series: usize,
    /// Largest body after decompression, bytes.
    pub max_body_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_mib: 64, max_age_s: 6 * 3600, max_series: 50_000, max_body_bytes: 16 << 20 }
    }
}

impl Config {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let bad = |field: &str, reason: &str| Err(ConfigError::new("otlp", field, reason));
        if !(1..=65_536).contains(&self.max_mib) {
            return bad("max_mib", "must be 1 to 65536");
        }
        if !(60..=30 * 86_400).contains(&self.max_age_s) {
            return bad("max_age_s", "must be 60 seconds to 30 days");
        }
        if !(1..=10_000_000).contains(&self.max_series) {
            return bad("max_series", "must be 1 to 10000000");
        }
        if !(1024..=1 << 30).contains(&self.max_body_bytes) {
            return bad("max_body_bytes", "must be 1 KiB to 1 GiB");
        }
        Ok(())
    }
}
