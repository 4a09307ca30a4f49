//! One transaction on the shared state. Each method mirrors the statement of the same name in `sql`.

use std::collections::BTreeMap;
use std::sync::Arc;

use firebell_core::alert::Alert;
use firebell_core::change::Change;
use firebell_core::ids::{EffectKey, Fingerprint, IncidentId};
use firebell_core::incident::{EventRecord, Summary};
use firebell_core::ports::office::OfficeTx;
use firebell_core::ports::store::{InboxRow, OutboxRow, StoreError, StoreResult, TimerRow, Tx};
use firebell_core::signal::Intake;
use firebell_core::silence::Silence;
use firebell_core::telemetry::Window;
use jiff::Timestamp;

use super::reader;
use super::state::State;
use crate::sql::event::check_versions;
use crate::sql::mark::{INBOX_CURSOR, INBOX_SEQ, OUTBOX_SEQ};
use crate::sql::outbox;
use crate::{codec, micros, retention};

/// A transaction under way.
pub(super) struct MemoryTx<'s> {
    state: &'s mut State,
    failure: Option<String>,
}

impl<'s> MemoryTx<'s> {
    pub(super) fn new(state: &'s mut State) -> Self {
        Self { state, failure: None }
    }

    pub(super) fn into_failure(self) -> Option<String> {
        self.failure
    }

    /// As with the database, nothing runs after a failure.
    pub(super) fn run<T>(&mut self, work: impl FnOnce(&mut State) -> StoreResult<T>) -> StoreResult<T> {
        if let Some(detail) = &self.failure {
            return Err(StoreError::Database { doing: "go on after a failure", detail: detail.clone() });
        }
        let result = work(self.state);
        if let Err(error @ StoreError::Database { .. }) = &result {
            self.failure = Some(error.to_string());
        }
        result
    }
}

impl State {
    fn next_mark(&mut self, name: &'static str) -> u64 {
        let value = self.marks.get(name).copied().unwrap_or(0) + 1;
        self.marks.put(name, value);
        value
    }

    fn put_outbox(&mut self, seq: u64, row: &OutboxRow) {
        if let Some((_, before)) = self.outbox.get(&row.key) {
            let at = (micros::ceil(before.next_at), seq);
            self.outbox_due.remove(&at);
        }
        let mut row = row.clone();
        row.next_at = micros::round_up(row.next_at);
        row.created_at = micros::round_down(row.created_at);
        if outbox::pending(row.state) {
            self.outbox_due.put((micros::ceil(row.next_at), seq), row.key.clone());
        }
        self.outbox.put(row.key.clone(), (seq, Arc::new(row)));
    }
}

impl Tx for MemoryTx<'_> {
    fn inbox_push(&mut self, source: &str, received_at: Timestamp, items: &[Intake]) -> StoreResult<u64> {
        self.run(|state| {
            let seq = state.next_mark(INBOX_SEQ);
            let row = InboxRow { seq, source: source.to_owned(), received_at, items: items.to_vec() };
            state.inbox.put(seq, Arc::new(row));
            Ok(seq)
        })
    }

    fn inbox_after(&mut self, seq: u64, limit: usize) -> StoreResult<Vec<InboxRow>> {
        self.run(|state| {
            let Some(from) = seq.checked_add(1) else { return Ok(Vec::new()) };
            Ok(state.inbox.range(from..).take(limit).map(|(_, row)| (**row).clone()).collect())
        })
    }

    fn inbox_trim(&mut self, seq: u64) -> StoreResult<()> {
        self.run(|state| {
            while let Some(first) = state.inbox.first().copied().filter(|first| *first <= seq) {
                state.inbox.remove(&first);
            }
            Ok(())
        })
    }

    fn inbox_cursor(&mut self) -> StoreResult<u64> {
        self.run(|state| Ok(state.marks.get(INBOX_CURSOR).copied().unwrap_or(0)))
    }

    fn inbox_waiting(&mut self) -> StoreResult<u64> {
        self.run(|state| {
            let cursor = state.marks.get(INBOX_CURSOR).copied().unwrap_or(0);
            let Some(from) = cursor.checked_add(1) else { return Ok(0) };
            Ok(state.inbox.range(from..).map(|(_, row)| row.items.len() as u64).sum())
        })
    }

    fn set_inbox_cursor(&mut self, seq: u64) -> StoreResult<()> {
        self.run(|state| {
            state.marks.put(INBOX_CURSOR, seq);
            Ok(())
        })
    }

    fn events(&mut self, incident: &IncidentId) -> StoreResult<Vec<EventRecord>> {
        self.run(|state| Ok(reader::events(state, incident)))
    }

    fn append(&mut self, records: &[EventRecord]) -> StoreResult<()> {
        self.run(|state| {
            check_versions(records, |incident| {
                let range = (incident.clone(), 0)..=(incident.clone(), u64::MAX);
                Ok(state.events.range(range).next_back().map_or(0, |((_, version), _)| *version))
            })?;
            let mut position = state.positions.last().copied().unwrap_or(0);
            for record in records {
                position += 1;
                let shared = Arc::new(record.clone());
                state.events.put((record.incident.clone(), record.version), Arc::clone(&shared));
                state.positions.put(position, shared);
            }
            Ok(())
        })
    }

    fn put_summary(&mut self, summary: &Summary) -> StoreResult<()> {
        self.run(|state| {
            let id = &summary.id;
            if let Some(before) = state.summaries.get(id) {
                let at = (micros::floor(before.opened_at), id.clone());
                state.opened.remove(&at);
            }
            state.opened.put((micros::floor(summary.opened_at), id.clone()), ());
            if summary.open {
                state.open.put(id.clone(), ());
            } else {
                state.open.remove(id);
            }
            state.summaries.put(id.clone(), Arc::new(summary.clone()));
            Ok(())
        })
    }

    fn open_incidents(&mut self) -> StoreResult<Vec<IncidentId>> {
        self.run(|state| Ok(state.open.iter().map(|(id, ())| id.clone()).collect()))
    }

    fn counter_next(&mut self, name: &str) -> StoreResult<u64> {
        self.run(|state| {
            let value = state.counters.get(name).copied().unwrap_or(0) + 1;
            state.counters.put(name.to_owned(), value);
            Ok(value)
        })
    }

    fn outbox_put(&mut self, row: &OutboxRow) -> StoreResult<()> {
        self.run(|state| {
            if state.outbox.get(&row.key).is_none() {
                let seq = state.next_mark(OUTBOX_SEQ);
                state.outbox_seq.put(seq, row.key.clone());
                state.put_outbox(seq, row);
            }
            Ok(())
        })
    }

    fn outbox_due(&mut self, now: Timestamp, limit: usize) -> StoreResult<Vec<OutboxRow>> {
        self.run(|state| {
            let due = state.outbox_due.range(..=(micros::floor(now), u64::MAX)).take(limit);
            Ok(due.filter_map(|(_, key)| state.outbox.get(key)).map(|(_, row)| (**row).clone()).collect())
        })
    }

    fn outbox_due_calls(&mut self, now: Timestamp, limit: usize) -> StoreResult<Vec<OutboxRow>> {
        self.run(|state| {
            let due = state.outbox_due.range(..=(micros::floor(now), u64::MAX));
            let rows = due.filter_map(|(_, key)| state.outbox.get(key)).map(|(_, row)| row);
            Ok(rows.filter(|row| row.effect.calls_people()).take(limit).map(|row| (**row).clone()).collect())
        })
    }

    fn outbox_get(&mut self, key: &EffectKey) -> StoreResult<Option<OutboxRow>> {
        self.run(|state| Ok(state.outbox.get(key).map(|(_, row)| (**row).clone())))
    }

    fn outbox_update(&mut self, row: &OutboxRow) -> StoreResult<()> {
        self.run(|state| {
            let Some((seq, stored)) = state.outbox.get(&row.key) else {
                return Err(outbox::unknown(&row.key));
            };
            let (seq, mut changed) = (*seq, (**stored).clone());
            changed.state = row.state;
            changed.attempts = row.attempts;
            changed.next_at = row.next_at;
            changed.fence = row.fence;
            changed.last_error.clone_from(&row.last_error);
            state.put_outbox(seq, &changed);
            Ok(())
        })
    }

    fn outbox_next(&mut self) -> StoreResult<Option<Timestamp>> {
        self.run(|state| {
            let first = state.outbox_due.iter().next().and_then(|(_, key)| state.outbox.get(key));
            Ok(first.map(|(_, row)| row.next_at))
        })
    }

    fn timers_replace(
        &mut self,
        incident: &IncidentId,
        timers: &BTreeMap<String, Timestamp>,
    ) -> StoreResult<()> {
        self.run(|state| {
            let range = (incident.clone(), String::new())..;
            let stored: Vec<(String, Timestamp)> = state
                .timers
                .range(range)
                .take_while(|((id, _), _)| id == incident)
                .map(|((_, key), due)| (key.clone(), *due))
                .collect();
            for (key, due) in stored {
                if timers.get(&key).map(|due| micros::round_up(*due)) != Some(due) {
                    state.timers_due.remove(&(micros::ceil(due), incident.clone(), key.clone()));
                    state.timers.remove(&(incident.clone(), key));
                }
            }
            for (key, due) in timers {
                let due = micros::round_up(*due);
                let id = (incident.clone(), key.clone());
                if state.timers.get(&id).is_none() {
                    state.timers.put(id, due);
                    state.timers_due.put((micros::ceil(due), incident.clone(), key.clone()), due);
                }
            }
            Ok(())
        })
    }

    fn timers_due(&mut self, now: Timestamp, limit: usize) -> StoreResult<Vec<TimerRow>> {
        self.run(|state| {
            let now = micros::floor(now);
            let due = state.timers_due.iter().take_while(|((at, _, _), _)| *at <= now).take(limit);
            Ok(due
                .map(|((_, id, key), due)| TimerRow { incident: id.clone(), key: key.clone(), due: *due })
                .collect())
        })
    }

    fn timers_next(&mut self) -> StoreResult<Option<Timestamp>> {
        self.run(|state| Ok(state.timers_due.iter().next().map(|(_, due)| *due)))
    }

    fn alert(&mut self, fingerprint: &Fingerprint) -> StoreResult<Option<Alert>> {
        self.run(|state| Ok(state.alerts.get(fingerprint).map(|alert| (**alert).clone())))
    }

    fn put_alert(&mut self, alert: &Alert) -> StoreResult<()> {
        self.run(|state| {
            let id = &alert.fingerprint;
            if let Some(before) = state.alerts.get(id).cloned().filter(|before| before.firing) {
                state.firing.remove(&(micros::floor(before.starts_at), id.clone()));
                if let Some(end) = before.ends_at {
                    state.lapsing.remove(&(micros::ceil(end), id.clone()));
                }
            }
            if alert.firing {
                state.firing.put((micros::floor(alert.starts_at), id.clone()), ());
                if let Some(end) = alert.ends_at {
                    state.lapsing.put((micros::ceil(end), id.clone()), ());
                }
            }
            state.alerts.put(id.clone(), Arc::new(alert.clone()));
            Ok(())
        })
    }

    fn firing_alerts(&mut self, limit: usize) -> StoreResult<Vec<Alert>> {
        self.run(|state| {
            let rows = state.firing.iter().take(limit).filter_map(|((_, id), ())| state.alerts.get(id));
            Ok(rows.map(|alert| (**alert).clone()).collect())
        })
    }

    fn lapsed_alerts(&mut self, now: Timestamp, limit: usize) -> StoreResult<Vec<Alert>> {
        self.run(|state| {
            let now = micros::floor(now);
            let lapsed = state.lapsing.iter().take_while(|((end, _), ())| *end <= now).take(limit);
            Ok(lapsed
                .filter_map(|((_, id), ())| state.alerts.get(id))
                .map(|alert| (**alert).clone())
                .collect())
        })
    }

    fn seen_before(&mut self, key: &str, now: Timestamp) -> StoreResult<bool> {
        self.run(|state| {
            let before = retention::seen_keys_before(now);
            while let Some(old) = state.seen_at.first().filter(|(at, _)| *at < before).cloned() {
                state.seen_at.remove(&old);
                state.seen.remove(&old.1);
            }
            if state.seen.get(key).is_some() {
                return Ok(true);
            }
            let at = micros::floor(now);
            state.seen.put(key.to_owned(), at);
            state.seen_at.put((at, key.to_owned()), ());
            Ok(false)
        })
    }

    fn silences(&mut self) -> StoreResult<Vec<Silence>> {
        self.run(|state| Ok(reader::silences(state)))
    }

    fn put_silence(&mut self, silence: &Silence) -> StoreResult<()> {
        self.run(|state| {
            let before = retention::silences_before(silence.updated_at);
            let old: Vec<String> = state
                .silences
                .iter()
                .filter(|(_, silence)| micros::floor(silence.ends_at) < before)
                .map(|(id, _)| id.clone())
                .collect();
            for id in old {
                state.silences.remove(&id);
            }
            state.silences.put(silence.id.clone(), silence.clone());
            Ok(())
        })
    }

    fn put_change(&mut self, change: &Change) -> StoreResult<bool> {
        self.run(|state| {
            let change = codec::identified(change)?;
            if state.change_ids.get(&change.id).is_some() {
                return Ok(false);
            }
            state.change_ids.put(change.id.clone(), ());
            state.changes.put((micros::floor(change.at), change.id.clone()), Arc::new(change));
            Ok(true)
        })
    }

    fn changes(&mut self, window: Window, limit: usize) -> StoreResult<Vec<Change>> {
        self.run(|state| Ok(reader::changes(state, window, limit)))
    }

    fn blob_put(&mut self, sha256: &str, bytes: &[u8]) -> StoreResult<()> {
        self.run(|state| {
            codec::check_blob(sha256, bytes)?;
            if state.blobs.get(sha256).is_none() {
                state.blobs.put(sha256.to_owned(), bytes.into());
            }
            Ok(())
        })
    }

    fn blob_get(&mut self, sha256: &str) -> StoreResult<Option<Vec<u8>>> {
        self.run(|state| Ok(state.blobs.get(sha256).map(|bytes| bytes.to_vec())))
    }

    fn office(&mut self) -> &mut dyn OfficeTx {
        self
    }
}
