//! A signal in the making: every source ends here, so that fingerprints, defaults and clocks are treated alike.

use firebell_core::ports::alert_source::RequestContext;
use firebell_core::signal::{Intake, Signal, SignalState, fingerprint};
use firebell_core::telemetry::Labels;
use jiff::Timestamp;

use super::labels::insert_capped;
use super::time::{SKEW_NOTE, believable, is_zero};

/// What a source has read of one alert.
pub(crate) struct Draft {
    pub(crate) state: SignalState,
    pub(crate) labels: Labels,
    pub(crate) annotations: Labels,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) ends_at: Option<Timestamp>,
    pub(crate) generator_url: Option<String>,
    pub(crate) dedup_key: Option<String>,
    pub(crate) group_key: Option<String>,
}

impl Draft {
    /// The signal. `service` is the source's default.
    pub(crate) fn finish(self, cx: &RequestContext<'_>, service: Option<&str>) -> Intake {
        let Self {
            state,
            mut labels,
            mut annotations,
            starts_at,
            ends_at,
            generator_url,
            dedup_key,
            group_key,
        } = self;
        labels.retain(|_, value| !value.is_empty());
        // Before anything is added: a changed default must not make another alert of it.
        let fingerprint = fingerprint(cx.source, dedup_key.as_deref(), &labels);
        if !labels.contains_key("alertname") {
            labels.insert("alertname".to_owned(), "unnamed".to_owned());
        }
        if let Some(service) = service
            && !labels.contains_key("service")
        {
            insert_capped(&mut labels, "service", service);
        }
        annotations.remove(SKEW_NOTE);
        annotations.retain(|_, value| !value.is_empty());
        let starts_at = believable(starts_at, cx.received_at, &mut annotations);
        let ends_at = match (state, ends_at.filter(|end| !is_zero(*end))) {
            // It ended at the latest when we heard of it.
            (SignalState::Resolved, end) => {
                Some(end.unwrap_or(cx.received_at).min(cx.received_at).max(starts_at.min(cx.received_at)))
            }
            // "Firing" outranks an end that has passed already.
            (_, end) => end.filter(|end| *end > cx.received_at),
        };
        Intake::Signal(Signal {
            source: cx.source.to_owned(),
            fingerprint,
            state,
            labels,
            annotations,
            starts_at,
            ends_at,
            generator_url,
            dedup_key,
            group_key,
        })
    }
}
