//! The registry of what Firebell reads from and writes to: one line per telemetry backend, notifier and platform.
//! Senders of alerts are registered elsewhere (`registry`).

use std::sync::Arc;

use firebell_core::ports::notifier::Notifier;
use firebell_core::ports::telemetry::TelemetrySource;
use serde::Deserialize;

use crate::platform::HttpPlatform;
use crate::settings::ConfigError;
use crate::{email, jaeger, logfiles, platform, prometheus, webhook};

/// One `[[telemetry]]` entry; `kind` says which.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TelemetryConfig {
    /// Prometheus and compatible systems.
    Prometheus(prometheus::Config),
    /// Jaeger and compatible systems.
    Jaeger(jaeger::Config),
    /// Log files.
    Logfiles(logfiles::Config),
}

/// One `[[notifiers]]` entry; `kind` says which.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NotifierConfig {
    /// E-mail over SMTP.
    Email(email::Config),
    /// Signed webhook.
    Webhook(webhook::Config),
}

/// The `[platform]` entry.
pub type PlatformConfig = platform::Config;

/// Builds a telemetry source; calls nothing. The embedded OTLP store ([`crate::otlp::OtlpStore`]) and the change
/// ledger ([`crate::changes::Ledger`]) are built by whoever owns what they read.
///
/// # Errors
/// Names the adapter and the field that cannot be used.
pub fn build_telemetry(config: &TelemetryConfig) -> Result<Arc<dyn TelemetrySource>, ConfigError> {
    Ok(match config {
        TelemetryConfig::Prometheus(c) => Arc::new(prometheus::Prometheus::new(c)?),
        TelemetryConfig::Jaeger(c) => Arc::new(jaeger::Jaeger::new(c)?),
        TelemetryConfig::Logfiles(c) => Arc::new(logfiles::LogFiles::new(c)?),
    })
}

/// Builds a notifier; calls nothing.
///
/// # Errors
/// Names the adapter and the field that cannot be used.
pub fn build_notifier(config: &NotifierConfig) -> Result<Arc<dyn Notifier>, ConfigError> {
    Ok(match config {
        NotifierConfig::Email(c) => Arc::new(email::Email::new(c)?),
        NotifierConfig::Webhook(c) => Arc::new(webhook::Webhook::new(c)?),
    })
}

/// Builds the platform's client; calls nothing. It is a telemetry source too: what runs now is evidence.
///
/// # Errors
/// Names the field that cannot be used.
pub fn build_platform(config: &PlatformConfig) -> Result<Arc<HttpPlatform>, ConfigError> {
    Ok(Arc::new(HttpPlatform::new(config)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_by_kind_and_unknown_fields_are_refused() {
        let prometheus = r#"{"kind":"prometheus","name":"main","url":"http://127.0.0.1:9090/x"}"#;
        let config: TelemetryConfig = serde_json::from_str(prometheus).expect("parses");
        assert_eq!(build_telemetry(&config).map(|t| t.name().to_owned()).as_deref(), Ok("prometheus/main"));
        let webhook =
            r#"{"kind":"webhook","name":"st","url":"http://127.0.0.1:1/","secret":"0123456789abcdef"}"#;
        let config: NotifierConfig = serde_json::from_str(webhook).expect("parses");
        assert_eq!(build_notifier(&config).map(|n| n.name().to_owned()).as_deref(), Ok("webhook/st"));
        let typo = r#"{"kind":"prometheus","name":"main","url":"http://x/","urll":"y"}"#;
        let error = serde_json::from_str::<TelemetryConfig>(typo).expect_err("unknown field").to_string();
        assert!(error.contains("urll"), "{error}");
        assert!(serde_json::from_str::<TelemetryConfig>(r#"{"kind":"loki","name":"x"}"#).is_err());
    }

    #[test]
    fn a_secret_that_is_too_short_names_its_field() {
        let webhook = r#"{"kind":"webhook","name":"st","url":"http://127.0.0.1:1/","secret":"short"}"#;
        let config: NotifierConfig = serde_json::from_str(webhook).expect("parses");
        let error = build_notifier(&config).err().expect("refused");
        assert_eq!((error.adapter.as_str(), error.field.as_str()), ("webhook/st", "secret"));
        assert!(!error.to_string().contains("short"), "{error}");
    }
}
