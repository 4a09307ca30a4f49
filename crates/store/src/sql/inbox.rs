//! Table `inbox`: accepted requests.

use firebell_core::ports::store::{InboxRow, StoreResult};
use firebell_core::signal::Intake;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::{col, collect, exec, json_col, limit, mark, one};
use crate::{codec, micros};

const INSERT: &str = "INSERT INTO inbox (seq, source, received_at, json) VALUES (?1, ?2, ?3, ?4)";
const AFTER: &str = "SELECT seq, source, json FROM inbox WHERE seq > ?1 ORDER BY seq LIMIT ?2";
const TRIM: &str = "DELETE FROM inbox WHERE seq <= ?1";
const DEPTH: &str =
    "SELECT count(*) FROM inbox WHERE seq > coalesce((SELECT value FROM mark WHERE name = ?1), 0)";

/// A row that cannot be read counts as one: it must not keep others from being accepted.
const WAITING: &str = "SELECT coalesce(sum(CASE WHEN json_valid(json) \
     THEN coalesce(json_array_length(json, '$.items'), 0) ELSE 1 END), 0) \
     FROM inbox WHERE seq > coalesce((SELECT value FROM mark WHERE name = ?1), 0)";

/// What the JSON column holds. The time is kept here to its last digit: replaying a request must not round it.
#[derive(Deserialize)]
struct Body {
    received_at: Timestamp,
    items: Vec<Intake>,
}

#[derive(Serialize)]
struct BodyRef<'a> {
    received_at: Timestamp,
    items: &'a [Intake],
}

/// Appends a request.
pub(crate) fn push(
    conn: &Connection,
    source: &str,
    received_at: Timestamp,
    items: &[Intake],
) -> StoreResult<u64> {
    let json = codec::to_json("accept a request", &BodyRef { received_at, items })?;
    let seq = mark::next(conn, mark::INBOX_SEQ)?;
    exec(conn, "accept a request", INSERT, params![seq, source, micros::floor(received_at), json])?;
    Ok(seq)
}

/// Rows after `seq`.
pub(crate) fn after(conn: &Connection, seq: u64, rows: usize) -> StoreResult<Vec<InboxRow>> {
    let from = i64::try_from(seq).unwrap_or(i64::MAX);
    collect(conn, "read the inbox", AFTER, params![from, limit(rows)], |row| {
        let seq: u64 = col(row, 0)?;
        let body: Body = json_col(row, 2, &format!("inbox row {seq}"))?;
        Ok(InboxRow { seq, source: col(row, 1)?, received_at: body.received_at, items: body.items })
    })
}

/// Removes rows up to `seq`.
pub(crate) fn trim(conn: &Connection, seq: u64) -> StoreResult<()> {
    exec(conn, "trim the inbox", TRIM, [i64::try_from(seq).unwrap_or(i64::MAX)]).map(drop)
}

/// Rows beyond the cursor.
pub(crate) fn depth(conn: &Connection) -> StoreResult<u64> {
    Ok(one(conn, "measure the inbox", DEPTH, [mark::INBOX_CURSOR], |row| col(row, 0))?.unwrap_or(0))
}

/// Items in rows beyond the cursor.
pub(crate) fn waiting(conn: &Connection) -> StoreResult<u64> {
    Ok(one(conn, "count the inbox", WAITING, [mark::INBOX_CURSOR], |row| col(row, 0))?.unwrap_or(0))
}
