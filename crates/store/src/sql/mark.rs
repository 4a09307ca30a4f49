//! Table `mark`: where the store itself stands (sequence numbers, the inbox's cursor). Apart from `counter`, so that
//! no name that somebody chooses can meet one of these.

use firebell_core::ports::store::{StoreError, StoreResult};
use rusqlite::{Connection, params};

use super::{col, exec, one};

/// Last sequence number given to an inbox row.
pub(crate) const INBOX_SEQ: &str = "inbox_seq";
/// Inbox rows up to here are processed.
pub(crate) const INBOX_CURSOR: &str = "inbox_cursor";
/// Last sequence number given to an outbox row.
pub(crate) const OUTBOX_SEQ: &str = "outbox_seq";

const GET: &str = "SELECT value FROM mark WHERE name = ?1";
const SET: &str =
    "INSERT INTO mark (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const NEXT: &str = "INSERT INTO mark (name, value) VALUES (?1, 1) \
     ON CONFLICT (name) DO UPDATE SET value = mark.value + 1 RETURNING value";

/// A mark; 0 at first.
pub(crate) fn get(conn: &Connection, name: &str) -> StoreResult<u64> {
    Ok(one(conn, "read a mark", GET, [name], |row| col(row, 0))?.unwrap_or(0))
}

/// Sets a mark.
pub(crate) fn set(conn: &Connection, name: &str, value: u64) -> StoreResult<()> {
    exec(conn, "set a mark", SET, params![name, value]).map(drop)
}

/// Raises a mark by one.
pub(crate) fn next(conn: &Connection, name: &str) -> StoreResult<u64> {
    one(conn, "raise a mark", NEXT, [name], |row| col(row, 0))?.ok_or_else(|| StoreError::Database {
        doing: "raise a mark",
        detail: format!("mark {name} gave no value"),
    })
}
