//! Mean, median and 90th percentile of a measured time, by group. Drills never count.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ReviewedIncident, Times};

/// Statistics of some seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// How many values.
    pub count: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Middle value, or the mean of the two in the middle.
    pub median: f64,
    /// The smallest value that at least nine in ten do not exceed (nearest rank: always a value that occurred).
    pub p90: f64,
}

/// Statistics of the values that are numbers and not negative; `None` where there is none.
pub fn summarise(values: impl IntoIterator<Item = f64>) -> Option<Stats> {
    let mut sorted: Vec<f64> = values.into_iter().filter(|v| v.is_finite() && *v >= 0.0).collect();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    let at = |i: usize| sorted.get(i).copied();
    let (low, high) = (at(count.checked_sub(1)? / 2)?, at(count / 2)?);
    let p90 = at((count * 9).div_ceil(10) - 1)?;
    // A running mean does not overflow where a sum would.
    let mean = sorted.iter().zip(1u32..).fold(0.0, |mean, (value, n)| mean + (value - mean) / f64::from(n));
    Some(Stats { count, mean, median: low + (high - low) / 2.0, p90 })
}

/// One of the measured times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Time to detect.
    Detect,
    /// Time to acknowledge.
    Acknowledge,
    /// Time to mitigate.
    Mitigate,
    /// Time to recovery.
    Recover,
    /// Customer impact duration.
    CustomerImpact,
    /// Communication latency.
    CommunicationLatency,
}

impl Metric {
    /// All, in the order in which they happen.
    pub const ALL: [Self; 6] = [
        Self::Detect,
        Self::Acknowledge,
        Self::Mitigate,
        Self::Recover,
        Self::CustomerImpact,
        Self::CommunicationLatency,
    ];

    /// In words: `time to detect`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Detect => "time to detect",
            Self::Acknowledge => "time to acknowledge",
            Self::Mitigate => "time to mitigate",
            Self::Recover => "time to recovery",
            Self::CustomerImpact => "customer impact",
            Self::CommunicationLatency => "communication latency",
        }
    }

    /// This time, seconds, where it was measured and makes sense.
    pub fn of(self, times: &Times) -> Option<f64> {
        let value = match self {
            Self::Detect => times.detect_s,
            Self::Acknowledge => times.acknowledge_s,
            Self::Mitigate => times.mitigate_s,
            Self::Recover => times.recover_s,
            Self::CustomerImpact => times.customer_impact_s,
            Self::CommunicationLatency => times.communication_latency_s,
        };
        value.filter(|v| v.is_finite() && *v >= 0.0)
    }
}

/// What incidents are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// `SEV1` …
    Severity,
    /// The service's name.
    Service,
    /// The cause; incidents without one are the group `unknown`.
    Cause,
}

impl GroupBy {
    fn key(self, incident: &ReviewedIncident) -> String {
        match self {
            Self::Severity => incident.severity.to_string(),
            Self::Service => incident.service.clone(),
            Self::Cause => incident.cause.clone().unwrap_or_else(|| "unknown".to_owned()),
        }
    }
}

/// A group's statistics, with the incidents behind them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct GroupStats {
    /// The figures; `None` where nothing was measured.
    pub stats: Option<Stats>,
    /// Incidents that count.
    pub ids: Vec<String>,
    /// Incidents without a usable value: flagged, not averaged.
    pub left_out: Vec<String>,
}

/// A metric's statistics by group, over what counts as an incident.
pub fn by_group<'a>(
    incidents: impl IntoIterator<Item = &'a ReviewedIncident>,
    by: GroupBy,
    metric: Metric,
) -> BTreeMap<String, GroupStats> {
    let mut groups: BTreeMap<String, Vec<&ReviewedIncident>> = BTreeMap::new();
    for incident in incidents.into_iter().filter(|incident| incident.counts()) {
        groups.entry(by.key(incident)).or_default().push(incident);
    }
    groups.into_iter().map(|(key, members)| (key, group(&members, metric))).collect()
}

/// A metric's statistics over these incidents.
pub(super) fn group(members: &[&ReviewedIncident], metric: Metric) -> GroupStats {
    let (with, without): (Vec<&ReviewedIncident>, Vec<&ReviewedIncident>) =
        members.iter().copied().partition(|incident| metric.of(&incident.times).is_some());
    let ids = |list: &[&ReviewedIncident]| list.iter().map(|incident| incident.id.clone()).collect();
    GroupStats {
        stats: summarise(with.iter().filter_map(|incident| metric.of(&incident.times))),
        ids: ids(&with),
        left_out: ids(&without),
    }
}
