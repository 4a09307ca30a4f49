//! Table `counter`: named numbers without gaps.

use firebell_core::ports::store::{StoreError, StoreResult};
use rusqlite::Connection;

use super::{col, one};

const NEXT: &str = "INSERT INTO counter (name, value) VALUES (?1, 1) \
     ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value";

/// The next value.
pub(crate) fn next(conn: &Connection, name: &str) -> StoreResult<u64> {
    one(conn, "count", NEXT, [name], |row| col(row, 0))?.ok_or_else(|| StoreError::Database {
        doing: "count",
        detail: format!("counter {name} gave no value"),
    })
}
