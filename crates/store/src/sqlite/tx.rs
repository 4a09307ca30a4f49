//! One transaction: the statements of `sql`, behind the port.

use std::collections::BTreeMap;

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
use rusqlite::Connection;

use crate::{codec, sql};

/// A transaction under way.
pub(super) struct SqliteTx<'c> {
    conn: &'c Connection,
    /// The first failure. SQLite may have rolled back on it, and whatever ran afterwards would commit by itself: so
    /// nothing runs afterwards, and the transaction fails even if the caller overlooked it.
    failure: Option<String>,
}

impl<'c> SqliteTx<'c> {
    pub(super) fn new(conn: &'c Connection) -> Self {
        Self { conn, failure: None }
    }

    /// Whether all went well.
    pub(super) fn finish(self) -> StoreResult<()> {
        match self.failure {
            None => Ok(()),
            Some(detail) => Err(StoreError::Database { doing: "commit", detail }),
        }
    }

    pub(super) fn run<T>(&mut self, work: impl FnOnce(&Connection) -> StoreResult<T>) -> StoreResult<T> {
        if let Some(detail) = &self.failure {
            return Err(StoreError::Database { doing: "go on after a failure", detail: detail.clone() });
        }
        let result = work(self.conn);
        if let Err(error @ StoreError::Database { .. }) = &result {
            self.failure = Some(error.to_string());
        }
        result
    }
}

impl Tx for SqliteTx<'_> {
    fn inbox_push(&mut self, source: &str, received_at: Timestamp, items: &[Intake]) -> StoreResult<u64> {
        self.run(|conn| sql::inbox::push(conn, source, received_at, items))
    }

    fn inbox_after(&mut self, seq: u64, limit: usize) -> StoreResult<Vec<InboxRow>> {
        self.run(|conn| sql::inbox::after(conn, seq, limit))
    }

    fn inbox_trim(&mut self, seq: u64) -> StoreResult<()> {
        self.run(|conn| sql::inbox::trim(conn, seq))
    }

    fn inbox_cursor(&mut self) -> StoreResult<u64> {
        self.run(|conn| sql::mark::get(conn, sql::mark::INBOX_CURSOR))
    }

    fn inbox_waiting(&mut self) -> StoreResult<u64> {
        self.run(sql::inbox::waiting)
    }

    fn set_inbox_cursor(&mut self, seq: u64) -> StoreResult<()> {
        self.run(|conn| sql::mark::set(conn, sql::mark::INBOX_CURSOR, seq))
    }

    fn events(&mut self, incident: &IncidentId) -> StoreResult<Vec<EventRecord>> {
        self.run(|conn| sql::event::of_incident(conn, incident))
    }

    fn append(&mut self, records: &[EventRecord]) -> StoreResult<()> {
        self.run(|conn| sql::event::append(conn, records))
    }

    fn put_summary(&mut self, summary: &Summary) -> StoreResult<()> {
        self.run(|conn| sql::summary::put(conn, summary))
    }

    fn open_incidents(&mut self) -> StoreResult<Vec<IncidentId>> {
        self.run(sql::summary::open)
    }

    fn counter_next(&mut self, name: &str) -> StoreResult<u64> {
        self.run(|conn| sql::counter::next(conn, name))
    }

    fn outbox_put(&mut self, row: &OutboxRow) -> StoreResult<()> {
        self.run(|conn| sql::outbox::put(conn, row))
    }

    fn outbox_due(&mut self, now: Timestamp, limit: usize) -> StoreResult<Vec<OutboxRow>> {
        self.run(|conn| sql::outbox::due(conn, now, limit))
    }

    fn outbox_due_calls(&mut self, now: Timestamp, limit: usize) -> StoreResult<Vec<OutboxRow>> {
        self.run(|conn| sql::outbox::due_calls(conn, now, limit))
    }

    fn outbox_get(&mut self, key: &EffectKey) -> StoreResult<Option<OutboxRow>> {
        self.run(|conn| sql::outbox::get(conn, key))
    }

    fn outbox_update(&mut self, row: &OutboxRow) -> StoreResult<()> {
        self.run(|conn| sql::outbox::update(conn, row))
    }

    fn outbox_next(&mut self) -> StoreResult<Option<Timestamp>> {
        self.run(sql::outbox::next)
    }

    fn timers_replace(
        &mut self,
        incident: &IncidentId,
        timers: &BTreeMap<String, Timestamp>,
    ) -> StoreResult<()> {
        self.run(|conn| sql::timer::replace(conn, incident, timers))
    }

    fn timers_due(&mut self, now: Timestamp, limit: usize) -> StoreResult<Vec<TimerRow>> {
        self.run(|conn| sql::timer::due(conn, now, limit))
    }

    fn timers_next(&mut self) -> StoreResult<Option<Timestamp>> {
        self.run(sql::timer::next)
    }

    fn alert(&mut self, fingerprint: &Fingerprint) -> StoreResult<Option<Alert>> {
        self.run(|conn| sql::alert::get(conn, fingerprint))
    }

    fn put_alert(&mut self, alert: &Alert) -> StoreResult<()> {
        self.run(|conn| sql::alert::put(conn, alert))
    }

    fn firing_alerts(&mut self, limit: usize) -> StoreResult<Vec<Alert>> {
        self.run(|conn| sql::alert::firing(conn, limit))
    }

    fn lapsed_alerts(&mut self, now: Timestamp, limit: usize) -> StoreResult<Vec<Alert>> {
        self.run(|conn| sql::alert::lapsed(conn, now, limit))
    }

    fn seen_before(&mut self, key: &str, now: Timestamp) -> StoreResult<bool> {
        self.run(|conn| sql::seen_key::seen_before(conn, key, now))
    }

    fn silences(&mut self) -> StoreResult<Vec<Silence>> {
        self.run(sql::silence::all)
    }

    fn put_silence(&mut self, silence: &Silence) -> StoreResult<()> {
        self.run(|conn| sql::silence::put(conn, silence))
    }

    fn put_change(&mut self, change: &Change) -> StoreResult<bool> {
        self.run(|conn| sql::change::put(conn, change))
    }

    fn changes(&mut self, window: Window, limit: usize) -> StoreResult<Vec<Change>> {
        self.run(|conn| sql::change::within(conn, window, limit))
    }

    fn blob_put(&mut self, sha256: &str, bytes: &[u8]) -> StoreResult<()> {
        self.run(|conn| {
            codec::check_blob(sha256, bytes)?;
            if sql::blob::exists(conn, sha256)? {
                return Ok(());
            }
            sql::blob::put_deflated(conn, sha256, bytes.len(), &codec::deflate(bytes)?)
        })
    }

    fn blob_get(&mut self, sha256: &str) -> StoreResult<Option<Vec<u8>>> {
        self.run(|conn| sql::blob::get(conn, sha256))
    }

    fn office(&mut self) -> &mut dyn OfficeTx {
        self
    }
}
