//! Table `incident_summary`: the list projection.

use firebell_core::ids::IncidentId;
use firebell_core::incident::Summary;
use firebell_core::ports::store::{IncidentFilter, StoreResult};
use rusqlite::{Connection, params};

use super::{col, collect, exec, failed, json_col, one};
use crate::filter::{IncidentTest, incident_limit};
use crate::{codec, micros};

const PUT: &str = "INSERT INTO incident_summary (id, version, is_open, restricted, severity, opened_at, json) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET version = excluded.version, \
     is_open = excluded.is_open, restricted = excluded.restricted, severity = excluded.severity, \
     opened_at = excluded.opened_at, json = excluded.json";
const GET: &str = "SELECT json FROM incident_summary WHERE id = ?1";
const OPEN: &str = "SELECT id FROM incident_summary WHERE is_open = 1 ORDER BY id";
const LIST: &str = "SELECT json FROM incident_summary WHERE opened_at < ?1 ORDER BY opened_at DESC, id DESC";
const LIST_BY_OPEN: &str = "SELECT json FROM incident_summary WHERE opened_at < ?1 AND is_open = ?2 \
     ORDER BY opened_at DESC, id DESC";

/// Writes a row.
pub(crate) fn put(conn: &Connection, row: &Summary) -> StoreResult<()> {
    let json = codec::to_json("write a summary", row)?;
    let values = params![
        row.id.as_str(),
        row.version,
        row.open,
        row.restricted,
        row.severity.as_str(),
        micros::floor(row.opened_at),
        json
    ];
    exec(conn, "write a summary", PUT, values).map(drop)
}

/// One row.
pub(crate) fn get(conn: &Connection, incident: &IncidentId) -> StoreResult<Option<Summary>> {
    one(conn, "read a summary", GET, params![incident.as_str()], |row| {
        json_col(row, 0, "summary of an incident")
    })
}

/// Ids of incidents that are not over.
pub(crate) fn open(conn: &Connection) -> StoreResult<Vec<IncidentId>> {
    collect(conn, "list open incidents", OPEN, [], |row| Ok(IncidentId(col(row, 0)?)))
}

/// The list, newest first. Rows are read only as far as the limit needs.
pub(crate) fn list(conn: &Connection, filter: &IncidentFilter) -> StoreResult<Vec<Summary>> {
    let failed = failed("list incidents");
    let test = IncidentTest::new(filter);
    let before = filter.before.map_or(i64::MAX, micros::floor);
    let mut statement =
        conn.prepare_cached(if filter.open.is_some() { LIST_BY_OPEN } else { LIST }).map_err(&failed)?;
    let mut rows = match filter.open {
        Some(open) => statement.query(params![before, open]),
        None => statement.query(params![before]),
    }
    .map_err(&failed)?;
    let mut found = Vec::new();
    while found.len() < incident_limit(filter) {
        let Some(row) = rows.next().map_err(&failed)? else { break };
        let summary: Summary = json_col(row, 0, "summary of an incident")?;
        if test.passes(&summary) {
            found.push(summary);
        }
    }
    Ok(found)
}
