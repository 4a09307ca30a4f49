//! The durable store. One writer thread owns a [`Store`]; every change happens in one of its transactions, so that
//! events, projections, outbox and timers never disagree. Readers see committed state only.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::office::OfficeTx;
use crate::alert::Alert;
use crate::change::Change;
use crate::effect::Effect;
use crate::ids::{EffectKey, Fingerprint, IncidentId};
use crate::incident::{EventRecord, Summary};
use crate::signal::Intake;
use crate::silence::Silence;
use crate::telemetry::Window;

/// The store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else wrote this stream first: load again and decide again.
    #[error("event {version} of {incident} exists already")]
    Conflict {
        /// Which stream.
        incident: IncidentId,
        /// Which version.
        version: u64,
    },
    /// What is stored cannot be read: stop the world loudly.
    #[error("stored {what} cannot be read: {detail}")]
    Corrupt {
        /// Which row.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The database failed (disk full, busy, gone).
    #[error("the database failed to {doing}: {detail}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        detail: String,
    },
}

/// A store result.
pub type StoreResult<T> = Result<T, StoreError>;

/// One accepted request, as the inbox holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InboxRow {
    /// Given by the store, ascending.
    pub seq: u64,
    /// Configured source.
    pub source: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// What it holds.
    pub items: Vec<Intake>,
}

/// State of an outbox row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// To be done at `next_at`.
    Waiting,
    /// Taken by a worker until `next_at`; after that it is waiting again.
    Leased,
    /// Done.
    Done,
    /// Given up: a person must look.
    Dead,
}

/// One effect on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// Idempotency key, unique.
    pub key: EffectKey,
    /// Which incident.
    pub incident: IncidentId,
    /// What to do.
    pub effect: Effect,
    /// State.
    pub state: OutboxState,
    /// Attempts begun.
    pub attempts: u32,
    /// When it is due (waiting), or when the lease ends (leased).
    pub next_at: Timestamp,
    /// Raised with every lease; a result under an older fence is ignored.
    pub fence: u64,
    /// What happened last.
    pub last_error: Option<String>,
    /// When it was put in.
    pub created_at: Timestamp,
}

/// A timer of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerRow {
    /// Which incident.
    pub incident: IncidentId,
    /// Which timer: `update:internal`, `resolve_by`, `agent:…`.
    pub key: String,
    /// When.
    pub due: Timestamp,
}

/// One transaction. All or nothing; dropped without commit it leaves no trace.
pub trait Tx {
    /// Appends an accepted request; answers its sequence number.
    fn inbox_push(&mut self, source: &str, received_at: Timestamp, items: &[Intake]) -> StoreResult<u64>;
    /// Rows after `seq`, ascending.
    fn inbox_after(&mut self, seq: u64, limit: usize) -> StoreResult<Vec<InboxRow>>;
    /// Removes rows up to `seq` (processed: their alerts are stored).
    fn inbox_trim(&mut self, seq: u64) -> StoreResult<()>;
    /// Processed up to here; 0 at first. Survives trimming.
    fn inbox_cursor(&mut self) -> StoreResult<u64>;
    /// Items in rows beyond the cursor. Reads all of them: to be asked once, and counted on from there.
    fn inbox_waiting(&mut self) -> StoreResult<u64>;
    /// Sets the cursor.
    fn set_inbox_cursor(&mut self, seq: u64) -> StoreResult<()>;

    /// All events of an incident, ascending by version.
    fn events(&mut self, incident: &IncidentId) -> StoreResult<Vec<EventRecord>>;
    /// Appends events; their versions follow on the stored ones without a gap.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where a version exists.
    fn append(&mut self, records: &[EventRecord]) -> StoreResult<()>;
    /// Replaces the list projection's row.
    fn put_summary(&mut self, summary: &Summary) -> StoreResult<()>;
    /// Ids of incidents that are not over, ascending.
    fn open_incidents(&mut self) -> StoreResult<Vec<IncidentId>>;
    /// Next value of a named counter, from 1, without gaps.
    fn counter_next(&mut self, name: &str) -> StoreResult<u64>;

    /// Puts an effect in; a key that exists is left as it is.
    fn outbox_put(&mut self, row: &OutboxRow) -> StoreResult<()>;
    /// Rows to be taken at `now`: waiting and due, or leased and lapsed; oldest first.
    fn outbox_due(&mut self, now: Timestamp, limit: usize) -> StoreResult<Vec<OutboxRow>>;
    /// The same, of those only that call people.
    fn outbox_due_calls(&mut self, now: Timestamp, limit: usize) -> StoreResult<Vec<OutboxRow>>;
    /// One row.
    fn outbox_get(&mut self, key: &EffectKey) -> StoreResult<Option<OutboxRow>>;
    /// Writes a row's state, attempts, next_at, fence, last_error.
    fn outbox_update(&mut self, row: &OutboxRow) -> StoreResult<()>;
    /// Earliest `next_at` of rows that are waiting or leased.
    fn outbox_next(&mut self) -> StoreResult<Option<Timestamp>>;

    /// Replaces all timers of an incident.
    fn timers_replace(
        &mut self,
        incident: &IncidentId,
        timers: &BTreeMap<String, Timestamp>,
    ) -> StoreResult<()>;
    /// Timers due at `now`, earliest first.
    fn timers_due(&mut self, now: Timestamp, limit: usize) -> StoreResult<Vec<TimerRow>>;
    /// Earliest timer.
    fn timers_next(&mut self) -> StoreResult<Option<Timestamp>>;

    /// One alert.
    fn alert(&mut self, fingerprint: &Fingerprint) -> StoreResult<Option<Alert>>;
    /// Writes an alert.
    fn put_alert(&mut self, alert: &Alert) -> StoreResult<()>;
    /// Firing alerts, oldest first, at most `limit`.
    fn firing_alerts(&mut self, limit: usize) -> StoreResult<Vec<Alert>>;
    /// Firing alerts whose `ends_at` has passed at `now`.
    fn lapsed_alerts(&mut self, now: Timestamp, limit: usize) -> StoreResult<Vec<Alert>>;
    /// Whether a report's or change's key was seen before; remembers it.
    fn seen_before(&mut self, key: &str, now: Timestamp) -> StoreResult<bool>;

    /// All silences that are not long expired.
    fn silences(&mut self) -> StoreResult<Vec<Silence>>;
    /// Writes a silence.
    fn put_silence(&mut self, silence: &Silence) -> StoreResult<()>;

    /// Writes a change; answers whether it is new.
    fn put_change(&mut self, change: &Change) -> StoreResult<bool>;
    /// Changes in a window, ascending.
    fn changes(&mut self, window: Window, limit: usize) -> StoreResult<Vec<Change>>;

    /// Stores bytes under their SHA-256.
    fn blob_put(&mut self, sha256: &str, bytes: &[u8]) -> StoreResult<()>;
    /// The bytes.
    fn blob_get(&mut self, sha256: &str) -> StoreResult<Option<Vec<u8>>>;

    /// The office.
    fn office(&mut self) -> &mut dyn OfficeTx;
}

/// The writer's side.
pub trait Store: Send {
    /// Runs `work` in one transaction and commits it durably (fsync before it returns), or rolls it back if it fails.
    ///
    /// # Errors
    /// What `work` answers, or the database's failure to commit; in both cases nothing has happened.
    fn transact(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> StoreResult<()>) -> StoreResult<()>;
}

/// The order of a list of incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentSort {
    /// Opened last first.
    #[default]
    Newest,
    /// Opened first first.
    Oldest,
    /// Worst first; of each severity the newest first.
    Severity,
}

/// Where an incident stands in a list, whichever way it is sorted. What the store keeps of a time are microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentPlace {
    /// Its severity.
    pub severity: crate::severity::Severity,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Which it is: several may be opened at one moment.
    pub id: IncidentId,
}

impl IncidentPlace {
    /// Of a row.
    pub fn of(row: &Summary) -> Self {
        Self { severity: row.severity, opened_at: row.opened_at, id: row.id.clone() }
    }
}

/// Which incidents.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IncidentFilter {
    /// Only those that are not over (true), or only those that are (false).
    pub open: Option<bool>,
    /// Severities.
    pub severities: Vec<crate::severity::Severity>,
    /// Service.
    pub service: Option<String>,
    /// Words in id or title.
    pub text: Option<String>,
    /// Opened before (for paging: newest first).
    pub before: Option<Timestamp>,
    /// At most so many (0: 100).
    pub limit: usize,
    /// Restricted ones are left out unless asked for.
    pub include_restricted: bool,
    /// Restricted ones of which this person is a member are not left out.
    pub member: Option<String>,
    /// In which order.
    pub sort: IncidentSort,
    /// Only what stands behind this place in that order (for paging: rows that come meanwhile shift nothing).
    pub after: Option<IncidentPlace>,
}

/// The order of a list of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertSort {
    /// Last seen first.
    #[default]
    LastSeen,
    /// By fingerprint, which never changes.
    Fingerprint,
}

/// Where an alert stands in a list, whichever way it is sorted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertPlace {
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// Which it is.
    pub fingerprint: Fingerprint,
}

impl AlertPlace {
    /// Of an alert.
    pub fn of(alert: &Alert) -> Self {
        Self { last_seen: alert.last_seen, fingerprint: alert.fingerprint.clone() }
    }
}

/// Which alerts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertFilter {
    /// Firing only, or resolved only.
    pub firing: Option<bool>,
    /// Of one incident.
    pub incident: Option<IncidentId>,
    /// At most so many (0: 1000).
    pub limit: usize,
    /// In which order.
    pub sort: AlertSort,
    /// Only what stands behind this place in that order.
    pub after: Option<AlertPlace>,
}

/// Committed state, from any thread.
pub trait Reader: Send + Sync {
    /// All events of an incident, ascending; empty if there is no such incident.
    fn events(&self, incident: &IncidentId) -> StoreResult<Vec<EventRecord>>;
    /// Events after a global position, ascending, for followers; each with its position.
    fn events_after(&self, position: u64, limit: usize) -> StoreResult<Vec<(u64, EventRecord)>>;
    /// Newest global position.
    fn position(&self) -> StoreResult<u64>;
    /// The list.
    fn incidents(&self, filter: &IncidentFilter) -> StoreResult<Vec<Summary>>;
    /// The list's row of one incident.
    fn summary(&self, incident: &IncidentId) -> StoreResult<Option<Summary>> {
        let filter = IncidentFilter {
            text: Some(incident.0.clone()),
            limit: usize::MAX,
            include_restricted: true,
            ..IncidentFilter::default()
        };
        Ok(self.incidents(&filter)?.into_iter().find(|row| row.id == *incident))
    }
    /// Alerts.
    fn alerts(&self, filter: &AlertFilter) -> StoreResult<Vec<Alert>>;
    /// Silences.
    fn silences(&self) -> StoreResult<Vec<Silence>>;
    /// Changes in a window, ascending.
    fn changes(&self, window: Window, limit: usize) -> StoreResult<Vec<Change>>;
    /// Outbox rows, of an incident and/or in a state, oldest first.
    fn outbox(
        &self,
        incident: Option<&IncidentId>,
        state: Option<OutboxState>,
        limit: usize,
    ) -> StoreResult<Vec<OutboxRow>>;
    /// Timers of an incident, or all.
    fn timers(&self, incident: Option<&IncidentId>) -> StoreResult<Vec<TimerRow>>;
    /// Requests accepted and not yet processed.
    fn inbox_depth(&self) -> StoreResult<u64>;
    /// The bytes of a blob.
    fn blob_get(&self, sha256: &str) -> StoreResult<Option<Vec<u8>>>;
}
