//! Committed state.

use std::sync::Arc;

use firebell_core::alert::Alert;
use firebell_core::change::Change;
use firebell_core::ids::IncidentId;
use firebell_core::incident::{EventRecord, Summary};
use firebell_core::ports::store::{
    AlertFilter, IncidentFilter, IncidentSort, OutboxRow, OutboxState, Reader, StoreResult, TimerRow,
};
use firebell_core::silence::Silence;
use firebell_core::telemetry::Window;

use super::state::State;
use super::store::Shared;
use crate::filter::{IncidentTest, alert_follows, alert_limit, incident_limit, sort_alerts};
use crate::micros;
use crate::sql::mark::INBOX_CURSOR;

/// Reads a [`super::MemoryStore`] from any thread.
#[derive(Debug, Clone)]
pub struct MemoryReader {
    pub(super) shared: Arc<Shared>,
}

impl MemoryReader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl Reader for MemoryReader {
    fn events(&self, incident: &IncidentId) -> StoreResult<Vec<EventRecord>> {
        Ok(events(&self.shared.read(), incident))
    }

    fn events_after(&self, position: u64, limit: usize) -> StoreResult<Vec<(u64, EventRecord)>> {
        let state = self.shared.read();
        let Some(from) = position.checked_add(1) else { return Ok(Vec::new()) };
        Ok(state.positions.range(from..).take(limit).map(|(at, record)| (*at, (**record).clone())).collect())
    }

    fn position(&self) -> StoreResult<u64> {
        Ok(self.shared.read().positions.last().copied().unwrap_or(0))
    }

    fn incidents(&self, filter: &IncidentFilter) -> StoreResult<Vec<Summary>> {
        let state = self.shared.read();
        let test = IncidentTest::new(filter);
        let rows = state.opened.iter().rev().filter_map(|((_, id), ())| state.summaries.get(id));
        let mut rows: Vec<_> = rows.filter(|row| test.passes(row)).collect();
        match filter.sort {
            IncidentSort::Newest => {}
            IncidentSort::Oldest => rows.reverse(),
            // Stable: the newest of each severity stay first.
            IncidentSort::Severity => rows.sort_by_key(|row| row.severity.as_str()),
        }
        rows.truncate(incident_limit(filter));
        Ok(rows.into_iter().map(|row| (**row).clone()).collect())
    }

    fn summary(&self, incident: &IncidentId) -> StoreResult<Option<Summary>> {
        Ok(self.shared.read().summaries.get(incident).map(|row| (**row).clone()))
    }

    fn alerts(&self, filter: &AlertFilter) -> StoreResult<Vec<Alert>> {
        let state = self.shared.read();
        let wanted = |alert: &Alert| {
            filter.firing.is_none_or(|firing| alert.firing == firing)
                && (filter.incident.is_none() || alert.incident == filter.incident)
                && alert_follows(filter, alert)
        };
        let mut found: Vec<Alert> = state
            .alerts
            .iter()
            .filter(|(_, alert)| wanted(alert))
            .map(|(_, alert)| (**alert).clone())
            .collect();
        sort_alerts(&mut found, filter.sort, alert_limit(filter));
        Ok(found)
    }

    fn silences(&self) -> StoreResult<Vec<Silence>> {
        Ok(silences(&self.shared.read()))
    }

    fn changes(&self, window: Window, limit: usize) -> StoreResult<Vec<Change>> {
        Ok(changes(&self.shared.read(), window, limit))
    }

    fn outbox(
        &self,
        incident: Option<&IncidentId>,
        state: Option<OutboxState>,
        limit: usize,
    ) -> StoreResult<Vec<OutboxRow>> {
        let all = self.shared.read();
        let rows = all.outbox_seq.iter().filter_map(|(_, key)| all.outbox.get(key)).map(|(_, row)| row);
        Ok(rows
            .filter(|row| {
                incident.is_none_or(|id| row.incident == *id) && state.is_none_or(|s| row.state == s)
            })
            .take(limit)
            .map(|row| (**row).clone())
            .collect())
    }

    fn timers(&self, incident: Option<&IncidentId>) -> StoreResult<Vec<TimerRow>> {
        let state = self.shared.read();
        let rows =
            state.timers_due.iter().filter(|((_, id, _), _)| incident.is_none_or(|wanted| wanted == id));
        Ok(rows
            .map(|((_, id, key), due)| TimerRow { incident: id.clone(), key: key.clone(), due: *due })
            .collect())
    }

    fn inbox_depth(&self) -> StoreResult<u64> {
        let state = self.shared.read();
        let cursor = state.marks.get(INBOX_CURSOR).copied().unwrap_or(0);
        Ok(cursor.checked_add(1).map_or(0, |from| state.inbox.range(from..).count() as u64))
    }

    fn blob_get(&self, sha256: &str) -> StoreResult<Option<Vec<u8>>> {
        Ok(self.shared.read().blobs.get(sha256).map(|bytes| bytes.to_vec()))
    }
}

pub(super) fn events(state: &State, incident: &IncidentId) -> Vec<EventRecord> {
    let range = (incident.clone(), 0)..=(incident.clone(), u64::MAX);
    state.events.range(range).map(|(_, record)| (**record).clone()).collect()
}

pub(super) fn silences(state: &State) -> Vec<Silence> {
    let mut all: Vec<Silence> = state.silences.iter().map(|(_, silence)| silence.clone()).collect();
    all.sort_by(|a, b| (micros::floor(a.starts_at), &a.id).cmp(&(micros::floor(b.starts_at), &b.id)));
    all
}

pub(super) fn changes(state: &State, window: Window, limit: usize) -> Vec<Change> {
    let (start, end) = (micros::floor(window.start), micros::floor(window.end));
    // Half-open above, so that every id of the last microsecond is inside.
    let Some(past) = end.checked_add(1).filter(|past| start < *past) else { return Vec::new() };
    let range = (start, String::new())..(past, String::new());
    let mut found: Vec<Change> =
        state.changes.range(range).rev().take(limit).map(|(_, change)| (**change).clone()).collect();
    found.reverse();
    found
}
