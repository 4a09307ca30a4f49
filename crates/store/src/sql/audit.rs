//! Table `audit_entry`.

use firebell_core::audit::AuditEntry;
use firebell_core::ports::store::StoreResult;
use rusqlite::{Connection, Row, params};

use super::{collect, exec, json_col, limit, one};
use crate::codec;

const LAST: &str = "SELECT json FROM audit_entry ORDER BY seq DESC LIMIT 1";
const AFTER: &str = "SELECT json FROM audit_entry WHERE seq > ?1 ORDER BY seq LIMIT ?2";
const BEFORE: &str = "SELECT json FROM audit_entry WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";
const APPEND: &str = "INSERT INTO audit_entry (seq, json) VALUES (?1, ?2)";

/// The newest entry.
pub(crate) fn last(conn: &Connection) -> StoreResult<Option<AuditEntry>> {
    one(conn, "read the audit log's end", LAST, [], read)
}

/// Oldest first.
pub(crate) fn after(conn: &Connection, seq: u64, rows: usize) -> StoreResult<Vec<AuditEntry>> {
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    collect(conn, "read the audit log", AFTER, params![seq, limit(rows)], read)
}

/// Newest first.
pub(crate) fn before(conn: &Connection, seq: u64, rows: usize) -> StoreResult<Vec<AuditEntry>> {
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    collect(conn, "read the audit log", BEFORE, params![seq, limit(rows)], read)
}

/// Appends an entry.
pub(crate) fn append(conn: &Connection, entry: &AuditEntry) -> StoreResult<()> {
    let doing = "append to the audit log";
    let json = codec::to_json(doing, entry)?;
    exec(conn, doing, APPEND, params![entry.seq, json]).map(drop)
}

fn read(row: &Row<'_>) -> StoreResult<AuditEntry> {
    json_col(row, 0, "an entry of the audit log")
}
