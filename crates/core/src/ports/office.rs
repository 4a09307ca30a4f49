//! The office: what is kept beside incidents. Documents (accounts, sessions, tokens, webhooks, subscribers …), the audit
//! log, and deliveries to those who asked to be told. Written by the same writer, in the same transactions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::store::{OutboxState, StoreResult};
use crate::audit::{Act, AuditEntry};

/// A document: kept whole, replaced whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Which kind: `account`, `session`, `token`, …
    pub kind: String,
    /// Unique within its kind.
    pub id: String,
    /// From 1, one more with each change.
    pub version: u64,
    /// What it says.
    pub body: Value,
    /// Last change.
    pub updated_at: Timestamp,
}

/// Something that is to reach somebody outside who asked for it. It carries the key by which an idempotent receiver
/// knows a repetition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// The key: the same for every attempt.
    pub id: String,
    /// By what: `webhook`, `status_email`, `status_webhook`, `push`.
    pub channel: String,
    /// To whom: id of the document that says where.
    pub to: String,
    /// About what, in one word: `incident.opened`.
    pub about: String,
    /// What is sent.
    pub payload: Value,
    /// State; leases are not kept, for one process delivers.
    pub state: OutboxState,
    /// Attempts made.
    pub attempts: u32,
    /// When it is due.
    pub next_at: Timestamp,
    /// What the receiver said last, or why there was no answer.
    pub answer: Option<String>,
    /// When it was put in.
    pub created_at: Timestamp,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
}

/// What a change takes for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Any,
    /// That there is no such document.
    New,
    /// That the document is there, in this version.
    Version(u64),
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Writes a document.
    Put {
        /// Which kind.
        kind: &'static str,
        /// Which one.
        id: String,
        /// What it says from now on.
        body: Value,
        /// What is taken for granted; where it does not hold, nothing of the deed is done.
        expect: Expect,
    },
    /// Takes a document away; one that is not there stays away.
    Remove {
        /// Which kind.
        kind: &'static str,
        /// Which one.
        id: String,
    },
    /// Puts a delivery in, or writes what became of it.
    Deliver(Box<Delivery>),
}

/// Changes that are made together, with what the audit log says of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deed {
    /// For the audit log; what merely keeps house leaves it empty.
    pub act: Option<Act>,
    /// All or none.
    pub changes: Vec<Change>,
}

/// The office within a transaction.
pub trait OfficeTx {
    /// One document.
    fn document(&mut self, kind: &str, id: &str) -> StoreResult<Option<Document>>;
    /// Writes a document.
    fn put_document(&mut self, document: &Document) -> StoreResult<()>;
    /// Takes a document away; answers whether it was there.
    fn remove_document(&mut self, kind: &str, id: &str) -> StoreResult<bool>;
    /// The newest entry of the audit log.
    fn audit_last(&mut self) -> StoreResult<Option<AuditEntry>>;
    /// Appends an entry.
    ///
    /// # Errors
    /// Where its number is taken.
    fn audit_append(&mut self, entry: &AuditEntry) -> StoreResult<()>;
    /// Writes a delivery. Those that ended a month before it was last due are forgotten.
    fn put_delivery(&mut self, delivery: &Delivery) -> StoreResult<()>;
}

/// The office as committed, from any thread.
pub trait OfficeReader: Send + Sync {
    /// One document.
    fn document(&self, kind: &str, id: &str) -> StoreResult<Option<Document>>;
    /// Documents of a kind by id, after `after` (from the first: the empty text), at most `limit`.
    fn documents(&self, kind: &str, after: &str, limit: usize) -> StoreResult<Vec<Document>>;
    /// Entries of the audit log after a number, oldest first.
    fn audit_after(&self, seq: u64, limit: usize) -> StoreResult<Vec<AuditEntry>>;
    /// Entries before a number, newest first.
    fn audit_before(&self, seq: u64, limit: usize) -> StoreResult<Vec<AuditEntry>>;
    /// One delivery.
    fn delivery(&self, id: &str) -> StoreResult<Option<Delivery>>;
    /// Waiting deliveries that are due, earliest first.
    fn deliveries_due(&self, now: Timestamp, limit: usize) -> StoreResult<Vec<Delivery>>;
    /// When the next one is due.
    fn deliveries_next(&self) -> StoreResult<Option<Timestamp>>;
    /// Deliveries to one receiver, newest first.
    fn deliveries_to(&self, to: &str, limit: usize) -> StoreResult<Vec<Delivery>>;
}
