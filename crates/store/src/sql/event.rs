//! Table `event`: the truth about incidents.

use std::collections::BTreeMap;

use firebell_core::ids::IncidentId;
use firebell_core::incident::EventRecord;
use firebell_core::ports::store::{StoreError, StoreResult};
use rusqlite::{Connection, params};

use super::{col, collect, exec, json_col, limit, one};
use crate::{codec, micros};

const INSERT: &str = "INSERT INTO event (incident, version, position, at, json) VALUES (?1, ?2, ?3, ?4, ?5)";
const OF_INCIDENT: &str = "SELECT json FROM event WHERE incident = ?1 ORDER BY version";
const AFTER: &str = "SELECT position, json FROM event WHERE position > ?1 ORDER BY position LIMIT ?2";
const LAST_VERSION: &str = "SELECT coalesce(max(version), 0) FROM event WHERE incident = ?1";
const LAST_POSITION: &str = "SELECT coalesce(max(position), 0) FROM event";

/// All events of an incident.
pub(crate) fn of_incident(conn: &Connection, incident: &IncidentId) -> StoreResult<Vec<EventRecord>> {
    let what = format!("event of {incident}");
    collect(conn, "read events", OF_INCIDENT, [incident.as_str()], |row| json_col(row, 0, &what))
}

/// Events after a position.
pub(crate) fn after(conn: &Connection, position: u64, rows: usize) -> StoreResult<Vec<(u64, EventRecord)>> {
    let from = i64::try_from(position).unwrap_or(i64::MAX);
    collect(conn, "read events", AFTER, params![from, limit(rows)], |row| {
        let at: u64 = col(row, 0)?;
        Ok((at, json_col(row, 1, &format!("event at position {at}"))?))
    })
}

/// Newest position.
pub(crate) fn position(conn: &Connection) -> StoreResult<u64> {
    Ok(one(conn, "read the newest position", LAST_POSITION, [], |row| col(row, 0))?.unwrap_or(0))
}

/// Appends events; checks all before it writes one.
pub(crate) fn append(conn: &Connection, records: &[EventRecord]) -> StoreResult<()> {
    check_versions(records, |incident| {
        Ok(one(conn, "read a version", LAST_VERSION, [incident.as_str()], |row| col(row, 0))?.unwrap_or(0))
    })?;
    let mut at = position(conn)?;
    for record in records {
        at += 1;
        let json = codec::to_json("append an event", record)?;
        // What could not be read again (a number that JSON has no form for) must not become a fact.
        if let Err(error) = serde_json::from_str::<EventRecord>(&json) {
            let detail =
                format!("event {} of {} could not be read back: {error}", record.version, record.incident);
            return Err(StoreError::Database { doing: "append an event", detail });
        }
        let values = params![record.incident.as_str(), record.version, at, micros::floor(record.at), json];
        exec(conn, "append an event", INSERT, values)?;
    }
    Ok(())
}

/// Whether the versions follow on what is stored; `stored` answers an incident's last version.
pub(crate) fn check_versions(
    records: &[EventRecord],
    mut stored: impl FnMut(&IncidentId) -> StoreResult<u64>,
) -> StoreResult<()> {
    let mut last = BTreeMap::new();
    for record in records {
        let (incident, version) = (&record.incident, record.version);
        let before = match last.get(incident) {
            Some(before) => *before,
            None => stored(incident)?,
        };
        if version <= before {
            return Err(StoreError::Conflict { incident: incident.clone(), version });
        }
        if version != before + 1 {
            let detail = format!("event {version} of {incident} does not follow on event {before}");
            return Err(StoreError::Database { doing: "append an event", detail });
        }
        last.insert(incident, version);
    }
    Ok(())
}
