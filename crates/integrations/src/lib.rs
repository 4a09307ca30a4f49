//! Adapters to the outside world: one folder per vendor or protocol, one file per port it implements.

/// Declares each folder and makes the list of kinds of it, so that a kind cannot be in the one and not in the other.
macro_rules! alert_sources {
    ($($folder:ident),+ $(,)?) => {
        $(pub mod $folder;)+
        pub(crate) const ALERT_SOURCES: &[registry::SourceKind] = &[$($folder::SOURCE),+];
    };
}

// The alert sources: what `[[sources]] kind = "…"` may name. A new one is a folder and its line here.
alert_sources! {
    alertmanager,
    pagerduty,
    grafana,
    generic,
    cdevents,
    github,
    change,
    report,
}

mod body;
pub mod bundle;
pub mod registry;
pub mod source_config;
#[cfg(test)]
mod testing;

// Telemetry, platforms, notifiers.
mod answers;
pub mod backends;
pub mod bridge;
pub mod changes;
pub mod discord;
#[cfg(test)]
mod doubles;
pub mod email;
pub mod http;
pub mod httpsms;
pub mod jaeger;
pub mod limits;
pub mod logfiles;
pub mod loghub;
pub mod masked;
pub mod matrix;
pub mod mattermost;
pub mod msteams;
mod notice;
pub mod ntfy;
pub mod otlp;
pub mod platform;
pub mod prometheus;
pub mod pushover;
pub mod replies;
mod sample;
pub mod settings;
pub mod slack;
mod spans;
pub mod statuspage;
pub mod telegram;
pub mod trackers;
pub mod twilio;
pub mod webhook;
pub mod webpush;
