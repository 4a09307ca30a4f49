//! Filters of lists, decided in one place for all stores. SQL narrows down by index; this has the last word.

use firebell_core::alert::Alert;
use firebell_core::incident::Summary;
use firebell_core::ports::store::{AlertFilter, IncidentFilter};

use crate::micros;

/// Rows of an incident list where the filter sets no limit.
const INCIDENTS: usize = 100;
/// Rows of an alert list where the filter sets no limit.
const ALERTS: usize = 1000;

/// How many incidents.
pub(crate) fn incident_limit(filter: &IncidentFilter) -> usize {
    if filter.limit == 0 { INCIDENTS } else { filter.limit }
}

/// How many alerts.
pub(crate) fn alert_limit(filter: &AlertFilter) -> usize {
    if filter.limit == 0 { ALERTS } else { filter.limit }
}

/// A compiled incident filter.
pub(crate) struct IncidentTest<'a> {
    filter: &'a IncidentFilter,
    words: Vec<String>,
}

impl<'a> IncidentTest<'a> {
    pub(crate) fn new(filter: &'a IncidentFilter) -> Self {
        let words =
            filter.text.as_deref().unwrap_or_default().split_whitespace().map(str::to_lowercase).collect();
        Self { filter, words }
    }

    /// Whether the row is asked for.
    pub(crate) fn passes(&self, row: &Summary) -> bool {
        let filter = self.filter;
        filter.open.is_none_or(|open| row.open == open)
            && (filter.include_restricted || !row.restricted || self.is_member(row))
            && (filter.severities.is_empty() || filter.severities.contains(&row.severity))
            && filter.service.as_ref().is_none_or(|service| row.services.contains(service))
            && filter.before.is_none_or(|before| micros::floor(row.opened_at) < micros::floor(before))
            && self.has_words(row)
    }

    fn is_member(&self, row: &Summary) -> bool {
        self.filter.member.as_ref().is_some_and(|member| row.members.contains(member))
    }

    fn has_words(&self, row: &Summary) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let text = format!("{} {}", row.id, row.title).to_lowercase();
        self.words.iter().all(|word| text.contains(word))
    }
}

/// Puts alerts in the order of lists (last seen first) and cuts.
pub(crate) fn sort_alerts(alerts: &mut Vec<Alert>, limit: usize) {
    alerts.sort_by(|a, b| {
        (micros::floor(b.last_seen), &a.fingerprint).cmp(&(micros::floor(a.last_seen), &b.fingerprint))
    });
    alerts.truncate(limit);
}
