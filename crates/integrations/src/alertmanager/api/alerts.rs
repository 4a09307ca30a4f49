//! Alerts and groups of alerts, in Alertmanager's form.

use std::collections::BTreeMap;

use firebell_core::alert::Alert;
use firebell_core::silence::Matcher;
use firebell_core::telemetry::Labels;
use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use serde::Serialize;

use super::filter::AlertFilter;
use super::general::RECEIVER;

/// When an alert without an end is said to end, counted from now: Alertmanager's `resolve_timeout`.
const RESOLVE_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);

/// An alert of `GET /api/v2/alerts`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GettableAlert {
    /// Texts.
    pub annotations: Labels,
    /// When it ended or lapses.
    pub ends_at: Timestamp,
    /// Firebell's, 32 hex digits.
    pub fingerprint: String,
    /// Who is told.
    pub receivers: Vec<ReceiverReference>,
    /// Since when.
    pub starts_at: Timestamp,
    /// Active or suppressed, and by what.
    pub status: AlertStatus,
    /// Last signal.
    pub updated_at: Timestamp,
    /// Link back to the sender.
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    pub generator_url: Option<String>,
    /// Labels.
    pub labels: Labels,
}

/// Whether an alert is active, and what suppresses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertStatus {
    /// `active` or `suppressed`.
    pub state: &'static str,
    /// Ids of silences.
    pub silenced_by: Vec<String>,
    /// Fingerprints.
    pub inhibited_by: Vec<String>,
    /// Names of mute intervals; Firebell has none.
    pub muted_by: Vec<String>,
}

/// A receiver's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiverReference {
    /// Name.
    pub name: String,
}

/// A group of `GET /api/v2/alerts/groups`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertGroup {
    /// Members, by fingerprint.
    pub alerts: Vec<GettableAlert>,
    /// What they share.
    pub labels: Labels,
    /// Labels of the route; Firebell's has none.
    pub route_labels: Labels,
    /// Who is told.
    pub receiver: ReceiverReference,
}

/// The alerts that fire at `now` and pass the filter, by fingerprint.
pub fn gettable_alerts<'a>(
    alerts: impl IntoIterator<Item = &'a Alert>,
    filter: &AlertFilter,
    now: Timestamp,
) -> Vec<GettableAlert> {
    let passes = Passes::new(filter);
    let mut out: Vec<_> = alerts
        .into_iter()
        .filter(|alert| passes.alert(alert, now))
        .map(|alert| gettable(alert, now))
        .collect();
    out.sort_by(|a, b| a.fingerprint.cmp(&b.fingerprint));
    out
}

/// The same, grouped by the labels named in `group_by`.
pub fn alert_groups<'a>(
    alerts: impl IntoIterator<Item = &'a Alert>,
    group_by: &[&str],
    filter: &AlertFilter,
    now: Timestamp,
) -> Vec<AlertGroup> {
    let mut groups: BTreeMap<Labels, Vec<GettableAlert>> = BTreeMap::new();
    for alert in gettable_alerts(alerts, filter, now) {
        let labels = group_by
            .iter()
            .filter_map(|name| alert.labels.get(*name).map(|value| ((*name).to_owned(), value.clone())))
            .collect();
        groups.entry(labels).or_default().push(alert);
    }
    groups
        .into_iter()
        .filter(|(_, alerts)| filter.muted || alerts.iter().any(|a| a.status.state == "active"))
        .map(|(labels, alerts)| AlertGroup {
            alerts,
            labels,
            route_labels: Labels::new(),
            receiver: receiver(),
        })
        .collect()
}

fn receiver() -> ReceiverReference {
    ReceiverReference { name: RECEIVER.to_owned() }
}

fn gettable(alert: &Alert, now: Timestamp) -> GettableAlert {
    let suppressed = !alert.silenced_by.is_empty() || !alert.inhibited_by.is_empty();
    GettableAlert {
        annotations: alert.annotations.clone(),
        ends_at: alert.ends_at.or_else(|| now.checked_add(RESOLVE_TIMEOUT).ok()).unwrap_or(now),
        fingerprint: alert.fingerprint.to_string(),
        receivers: vec![receiver()],
        starts_at: alert.starts_at,
        status: AlertStatus {
            state: if suppressed { "suppressed" } else { "active" },
            silenced_by: alert.silenced_by.clone(),
            inhibited_by: alert.inhibited_by.clone(),
            muted_by: Vec::new(),
        },
        updated_at: alert.last_seen,
        generator_url: alert.generator_url.clone(),
        labels: alert.labels.clone(),
    }
}

/// A filter with its patterns compiled once, not once an alert.
struct Passes<'f> {
    filter: &'f AlertFilter,
    receiver: bool,
    matchers: Vec<(&'f Matcher, Option<Regex>)>,
}

impl<'f> Passes<'f> {
    fn new(filter: &'f AlertFilter) -> Self {
        let receiver = filter.receiver.as_ref().is_none_or(|pattern| pattern.is_match(RECEIVER))
            && filter.receiver_matchers.iter().all(|m| m.matches(&Labels::new()));
        let matchers = filter
            .matchers
            .iter()
            .map(|m| (m, if m.is_regex { Regex::new(&format!("^(?:{})$", m.value)).ok() } else { None }))
            .collect();
        Self { filter, receiver, matchers }
    }

    fn alert(&self, alert: &Alert, now: Timestamp) -> bool {
        let suppressed = !alert.silenced_by.is_empty() || !alert.inhibited_by.is_empty();
        self.receiver
            && alert.firing
            && alert.ends_at.is_none_or(|end| end > now)
            && (self.filter.active || suppressed)
            && (self.filter.silenced || alert.silenced_by.is_empty())
            && (self.filter.inhibited || alert.inhibited_by.is_empty())
            && self.matchers.iter().all(|(matcher, pattern)| match pattern {
                Some(pattern) => {
                    let value = alert.labels.get(&matcher.name).map_or("", String::as_str);
                    pattern.is_match(value) == matcher.is_equal
                }
                None => matcher.matches(&alert.labels),
            })
    }
}
