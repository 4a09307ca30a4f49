//! All tables and their indexes. Large rows are shared, so that a snapshot is cheap.

use std::sync::Arc;

use firebell_core::alert::Alert;
use firebell_core::audit::AuditEntry;
use firebell_core::change::Change;
use firebell_core::ids::{EffectKey, Fingerprint, IncidentId};
use firebell_core::incident::{EventRecord, Summary};
use firebell_core::ports::office::{Delivery, Document};
use firebell_core::ports::store::{InboxRow, OutboxRow};
use firebell_core::silence::Silence;
use jiff::Timestamp;

use super::table::Table;

macro_rules! state {
    ($($(#[$doc:meta])* $field:ident: $kind:ty,)*) => {
        #[derive(Debug, Clone, Default)]
        pub(super) struct State {
            $($(#[$doc])* pub(super) $field: $kind,)*
        }

        impl State {
            pub(super) fn commit(&mut self) {
                $(self.$field.commit();)*
            }

            pub(super) fn rollback(&mut self) {
                $(self.$field.rollback();)*
            }
        }
    };
}

state! {
    /// Sequence numbers and the inbox's cursor.
    marks: Table<&'static str, u64>,
    counters: Table<String, u64>,
    inbox: Table<u64, Arc<InboxRow>>,
    events: Table<(IncidentId, u64), Arc<EventRecord>>,
    /// By global position.
    positions: Table<u64, Arc<EventRecord>>,
    summaries: Table<IncidentId, Arc<Summary>>,
    /// By opening time.
    opened: Table<(i64, IncidentId), ()>,
    open: Table<IncidentId, ()>,
    /// With the sequence number.
    outbox: Table<EffectKey, (u64, Arc<OutboxRow>)>,
    outbox_seq: Table<u64, EffectKey>,
    /// Waiting and leased, by time.
    outbox_due: Table<(i64, u64), EffectKey>,
    timers: Table<(IncidentId, String), Timestamp>,
    timers_due: Table<(i64, IncidentId, String), Timestamp>,
    alerts: Table<Fingerprint, Arc<Alert>>,
    /// Firing, by start.
    firing: Table<(i64, Fingerprint), ()>,
    /// Firing with an end, by end.
    lapsing: Table<(i64, Fingerprint), ()>,
    seen: Table<String, i64>,
    seen_at: Table<(i64, String), ()>,
    silences: Table<String, Silence>,
    changes: Table<(i64, String), Arc<Change>>,
    change_ids: Table<String, ()>,
    blobs: Table<String, Arc<[u8]>>,
    /// By kind and id.
    documents: Table<(String, String), Arc<Document>>,
    audit: Table<u64, Arc<AuditEntry>>,
    deliveries: Table<String, Arc<Delivery>>,
}
