//! Table `change_entry`: the change ledger.

use firebell_core::change::Change;
use firebell_core::ports::store::StoreResult;
use firebell_core::telemetry::Window;
use rusqlite::{Connection, params};

use super::{collect, exec, json_col, limit};
use crate::{codec, micros};

const PUT: &str = "INSERT INTO change_entry (id, at, json) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING";
const WITHIN: &str =
    "SELECT json FROM change_entry WHERE at >= ?1 AND at <= ?2 ORDER BY at DESC, id DESC LIMIT ?3";

/// Writes a change, unless its id is there; answers whether it is new.
pub(crate) fn put(conn: &Connection, change: &Change) -> StoreResult<bool> {
    let change = codec::identified(change)?;
    let json = codec::to_json("write a change", &change)?;
    Ok(exec(conn, "write a change", PUT, params![change.id, micros::floor(change.at), json])? == 1)
}

/// Changes in a window, ascending; the newest where there are more than `rows`.
pub(crate) fn within(conn: &Connection, window: Window, rows: usize) -> StoreResult<Vec<Change>> {
    let values = params![micros::floor(window.start), micros::floor(window.end), limit(rows)];
    let mut found = collect(conn, "read changes", WITHIN, values, |row| json_col(row, 0, "a change"))?;
    found.reverse();
    Ok(found)
}
