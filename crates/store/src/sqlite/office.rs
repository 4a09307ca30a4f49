//! The office: the statements of `sql`, behind its ports.

use firebell_core::audit::AuditEntry;
use firebell_core::ports::office::{Delivery, Document, OfficeReader, OfficeTx};
use firebell_core::ports::store::StoreResult;
use jiff::Timestamp;

use super::reader::SqliteReader;
use super::tx::SqliteTx;
use crate::sql;

impl OfficeTx for SqliteTx<'_> {
    fn document(&mut self, kind: &str, id: &str) -> StoreResult<Option<Document>> {
        self.run(|conn| sql::document::get(conn, kind, id))
    }

    fn put_document(&mut self, document: &Document) -> StoreResult<()> {
        self.run(|conn| sql::document::put(conn, document))
    }

    fn remove_document(&mut self, kind: &str, id: &str) -> StoreResult<bool> {
        self.run(|conn| sql::document::remove(conn, kind, id))
    }

    fn audit_last(&mut self) -> StoreResult<Option<AuditEntry>> {
        self.run(sql::audit::last)
    }

    fn audit_append(&mut self, entry: &AuditEntry) -> StoreResult<()> {
        self.run(|conn| sql::audit::append(conn, entry))
    }

    fn put_delivery(&mut self, delivery: &Delivery) -> StoreResult<()> {
        self.run(|conn| sql::delivery::put(conn, delivery))
    }
}

impl OfficeReader for SqliteReader {
    fn document(&self, kind: &str, id: &str) -> StoreResult<Option<Document>> {
        self.run(|conn| sql::document::get(conn, kind, id))
    }

    fn documents(&self, kind: &str, after: &str, limit: usize) -> StoreResult<Vec<Document>> {
        self.run(|conn| sql::document::list(conn, kind, after, limit))
    }

    fn audit_after(&self, seq: u64, limit: usize) -> StoreResult<Vec<AuditEntry>> {
        self.run(|conn| sql::audit::after(conn, seq, limit))
    }

    fn audit_before(&self, seq: u64, limit: usize) -> StoreResult<Vec<AuditEntry>> {
        self.run(|conn| sql::audit::before(conn, seq, limit))
    }

    fn delivery(&self, id: &str) -> StoreResult<Option<Delivery>> {
        self.run(|conn| sql::delivery::get(conn, id))
    }

    fn deliveries_due(&self, now: Timestamp, limit: usize) -> StoreResult<Vec<Delivery>> {
        self.run(|conn| sql::delivery::due(conn, now, limit))
    }

    fn deliveries_next(&self) -> StoreResult<Option<Timestamp>> {
        self.run(sql::delivery::next)
    }

    fn deliveries_to(&self, to: &str, limit: usize) -> StoreResult<Vec<Delivery>> {
        self.run(|conn| sql::delivery::to(conn, to, limit))
    }
}
