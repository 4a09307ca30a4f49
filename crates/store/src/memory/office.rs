//! The office in memory. Each method mirrors the statement of the same name in `sql`.

use std::sync::Arc;

use firebell_core::audit::AuditEntry;
use firebell_core::ports::office::{Delivery, Document, OfficeReader, OfficeTx};
use firebell_core::ports::store::{StoreError, StoreResult};
use jiff::Timestamp;

use super::reader::MemoryReader;
use super::tx::MemoryTx;
use crate::sql::delivery::waits;
use crate::{micros, retention};

impl OfficeTx for MemoryTx<'_> {
    fn document(&mut self, kind: &str, id: &str) -> StoreResult<Option<Document>> {
        self.run(|state| Ok(state.documents.get(&(kind.to_owned(), id.to_owned())).map(|d| (**d).clone())))
    }

    fn put_document(&mut self, document: &Document) -> StoreResult<()> {
        self.run(|state| {
            let mut document = document.clone();
            document.updated_at = micros::round_down(document.updated_at);
            state.documents.put((document.kind.clone(), document.id.clone()), Arc::new(document));
            Ok(())
        })
    }

    fn remove_document(&mut self, kind: &str, id: &str) -> StoreResult<bool> {
        self.run(|state| Ok(state.documents.remove(&(kind.to_owned(), id.to_owned())).is_some()))
    }

    fn audit_last(&mut self) -> StoreResult<Option<AuditEntry>> {
        self.run(|state| {
            Ok(state.audit.last().and_then(|seq| state.audit.get(seq)).map(|entry| (**entry).clone()))
        })
    }

    fn audit_append(&mut self, entry: &AuditEntry) -> StoreResult<()> {
        self.run(|state| {
            if state.audit.get(&entry.seq).is_some() {
                let detail = format!("entry {} exists", entry.seq);
                return Err(StoreError::Database { doing: "append to the audit log", detail });
            }
            state.audit.put(entry.seq, Arc::new(entry.clone()));
            Ok(())
        })
    }

    fn put_delivery(&mut self, delivery: &Delivery) -> StoreResult<()> {
        self.run(|state| {
            let before = retention::deliveries_before(delivery.next_at);
            let old: Vec<String> = state
                .deliveries
                .iter()
                .filter(|(_, d)| d.ended_at.is_some_and(|at| micros::floor(at) < before))
                .map(|(id, _)| id.clone())
                .collect();
            for id in old {
                state.deliveries.remove(&id);
            }
            state.deliveries.put(delivery.id.clone(), Arc::new(delivery.clone()));
            Ok(())
        })
    }
}

impl OfficeReader for MemoryReader {
    fn document(&self, kind: &str, id: &str) -> StoreResult<Option<Document>> {
        let state = self.shared.read();
        Ok(state.documents.get(&(kind.to_owned(), id.to_owned())).map(|d| (**d).clone()))
    }

    fn documents(&self, kind: &str, after: &str, limit: usize) -> StoreResult<Vec<Document>> {
        let state = self.shared.read();
        let from = (kind.to_owned(), after.to_owned());
        let of_kind = state.documents.range(from..).take_while(|((k, _), _)| k == kind);
        Ok(of_kind
            .filter(|((_, id), _)| id.as_str() > after)
            .take(limit)
            .map(|(_, d)| (**d).clone())
            .collect())
    }

    fn audit_after(&self, seq: u64, limit: usize) -> StoreResult<Vec<AuditEntry>> {
        let Some(from) = seq.checked_add(1) else { return Ok(Vec::new()) };
        Ok(self.shared.read().audit.range(from..).take(limit).map(|(_, e)| (**e).clone()).collect())
    }

    fn audit_before(&self, seq: u64, limit: usize) -> StoreResult<Vec<AuditEntry>> {
        Ok(self.shared.read().audit.range(..seq).rev().take(limit).map(|(_, e)| (**e).clone()).collect())
    }

    fn delivery(&self, id: &str) -> StoreResult<Option<Delivery>> {
        Ok(self.shared.read().deliveries.get(id).map(|d| (**d).clone()))
    }

    fn deliveries_due(&self, now: Timestamp, limit: usize) -> StoreResult<Vec<Delivery>> {
        let now = micros::floor(now);
        let mut due = self.sorted(|d| waits(d) && micros::ceil(d.next_at) <= now);
        due.sort_by_key(|d| (micros::ceil(d.next_at), d.id.clone()));
        due.truncate(limit);
        Ok(due)
    }

    fn deliveries_next(&self) -> StoreResult<Option<Timestamp>> {
        Ok(self.sorted(waits).into_iter().map(|d| micros::round_up(d.next_at)).min())
    }

    fn deliveries_to(&self, to: &str, limit: usize) -> StoreResult<Vec<Delivery>> {
        let mut found = self.sorted(|d| d.to == to);
        found.sort_by_key(|d| std::cmp::Reverse((micros::floor(d.created_at), d.id.clone())));
        found.truncate(limit);
        Ok(found)
    }
}

impl MemoryReader {
    fn sorted(&self, wanted: impl Fn(&Delivery) -> bool) -> Vec<Delivery> {
        self.shared.read().deliveries.iter().filter(|(_, d)| wanted(d)).map(|(_, d)| (**d).clone()).collect()
    }
}
