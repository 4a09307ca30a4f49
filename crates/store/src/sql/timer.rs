//! Table `timer`: the clocks of incidents.

use std::collections::BTreeMap;

use firebell_core::ids::IncidentId;
use firebell_core::ports::store::{StoreError, StoreResult, TimerRow};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::{col, collect, exec, limit, one, time_col};
use crate::micros;

const OF_INCIDENT: &str =
    "SELECT incident, timer_key, due FROM timer WHERE incident = ?1 ORDER BY due, timer_key";
const ALL: &str = "SELECT incident, timer_key, due FROM timer ORDER BY due, incident, timer_key";
const DUE: &str =
    "SELECT incident, timer_key, due FROM timer WHERE due <= ?1 ORDER BY due, incident, timer_key LIMIT ?2";
const NEXT: &str = "SELECT min(due) FROM timer";
const PUT: &str = "INSERT INTO timer (incident, timer_key, due) VALUES (?1, ?2, ?3) \
     ON CONFLICT (incident, timer_key) DO UPDATE SET due = excluded.due";
const DELETE: &str = "DELETE FROM timer WHERE incident = ?1 AND timer_key = ?2";

/// Replaces an incident's timers. Most commands move few of them: only what differs is written.
pub(crate) fn replace(
    conn: &Connection,
    incident: &IncidentId,
    timers: &BTreeMap<String, Timestamp>,
) -> StoreResult<()> {
    let doing = "set timers";
    let mut stored: BTreeMap<String, Timestamp> =
        of_incident(conn, incident)?.into_iter().map(|row| (row.key, row.due)).collect();
    for (key, due) in timers {
        let due = micros::round_up(*due);
        if stored.remove(key) != Some(due) {
            exec(conn, doing, PUT, params![incident.as_str(), key, micros::ceil(due)])?;
        }
    }
    for key in stored.keys() {
        exec(conn, doing, DELETE, params![incident.as_str(), key])?;
    }
    Ok(())
}

/// Timers that are due, earliest first.
pub(crate) fn due(conn: &Connection, now: Timestamp, rows: usize) -> StoreResult<Vec<TimerRow>> {
    collect(conn, "find due timers", DUE, params![micros::floor(now), limit(rows)], read)
}

/// The earliest timer.
pub(crate) fn next(conn: &Connection) -> StoreResult<Option<Timestamp>> {
    earliest(conn, "find the next timer", NEXT)
}

/// Timers of one incident.
pub(crate) fn of_incident(conn: &Connection, incident: &IncidentId) -> StoreResult<Vec<TimerRow>> {
    collect(conn, "read timers", OF_INCIDENT, [incident.as_str()], read)
}

/// All timers.
pub(crate) fn all(conn: &Connection) -> StoreResult<Vec<TimerRow>> {
    collect(conn, "read timers", ALL, [], read)
}

/// Runs a statement that gives one time or null.
pub(super) fn earliest(conn: &Connection, doing: &'static str, sql: &str) -> StoreResult<Option<Timestamp>> {
    let micros: Option<i64> = one(conn, doing, sql, [], |row| col(row, 0))?.flatten();
    micros
        .map(|m| {
            Timestamp::from_microsecond(m)
                .map_err(|e| StoreError::Corrupt { what: "a due time".to_owned(), detail: e.to_string() })
        })
        .transpose()
}

fn read(row: &Row<'_>) -> StoreResult<TimerRow> {
    Ok(TimerRow { incident: IncidentId(col(row, 0)?), key: col(row, 1)?, due: time_col(row, 2)? })
}
