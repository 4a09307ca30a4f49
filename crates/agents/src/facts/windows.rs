//! Which parts of time are compared, and which service a series belongs to.

use firebell_core::policy::{Policy, Times};
use firebell_core::telemetry::Series;
use jiff::Timestamp;

const LABELS: [&str; 8] =
    ["service", "service_name", "service.name", "app", "component", "application", "deployment", "job"];

/// Spans of time in unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Windows {
    /// Normal times: from, to.
    pub(crate) base: (i64, i64),
    /// The last seconds.
    pub(crate) now: (i64, i64),
    /// A shorter last part, for what has only just begun.
    pub(crate) latest: (i64, i64),
}

impl Windows {
    /// Sized by policy: the baseline lies before the impact, with a guard, since alerts fire after the first harm.
    pub(crate) fn of(times: &Times, impact_start: Timestamp, end_ms: i64) -> Self {
        let step = i64::from(times.step_s.max(1));
        let base_s = times.baseline_s.max(10);
        let recent_s = (base_s / 6).clamp(4 * step, 300.max(4 * step));
        let latest_s = (base_s / 12).clamp(3 * step, 120.max(3 * step));
        let guard_s = (base_s / 4).clamp(10.min(base_s / 2), 600);
        let start = impact_start.as_millisecond();
        Self {
            base: (start - base_s * 1000, start - guard_s * 1000),
            now: (end_ms - recent_s * 1000, end_ms),
            latest: (end_ms - latest_s * 1000, end_ms),
        }
    }
}

/// The service that a series belongs to: the catalogue's name where it has one.
pub(crate) fn service_of(series: &Series, policy: &Policy) -> Option<String> {
    let raw = series
        .component
        .as_deref()
        .or_else(|| LABELS.iter().find_map(|l| series.labels.get(*l)).map(String::as_str))?;
    Some(named(raw, policy))
}

/// A service's name in the catalogue, else the last part of what it is called.
pub(crate) fn named(raw: &str, policy: &Policy) -> String {
    let short = raw.rsplit('/').next().unwrap_or(raw);
    policy.service(raw).or_else(|| policy.service(short)).map_or_else(|| short.to_owned(), |s| s.name.clone())
}
