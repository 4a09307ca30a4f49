//! Table `incident_summary`: the list projection.

use firebell_core::ids::IncidentId;
use firebell_core::incident::Summary;
use firebell_core::ports::store::{IncidentFilter, IncidentSort, StoreResult};
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::{col, collect, exec, failed, json_col, one};
use crate::filter::{IncidentTest, incident_limit};
use crate::{codec, micros};

const PUT: &str = "INSERT INTO incident_summary (id, version, is_open, restricted, severity, opened_at, json) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET version = excluded.version, \
     is_open = excluded.is_open, restricted = excluded.restricted, severity = excluded.severity, \
     opened_at = excluded.opened_at, json = excluded.json";
const GET: &str = "SELECT json FROM incident_summary WHERE id = ?1";
const OPEN: &str = "SELECT id FROM incident_summary WHERE is_open = 1 ORDER BY id";
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

/// The list. Rows are read only as far as the limit needs; the test has the last word on each.
pub(crate) fn list(conn: &Connection, filter: &IncidentFilter) -> StoreResult<Vec<Summary>> {
    let failed = failed("list incidents");
    let test = IncidentTest::new(filter);
    let (sql, values) = statement(filter);
    let mut statement = conn.prepare_cached(&sql).map_err(&failed)?;
    let mut rows = statement.query(params_from_iter(values)).map_err(&failed)?;
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

/// What narrows the list down by an index, and its values. Texts are from here, never from outside.
fn statement(filter: &IncidentFilter) -> (String, Vec<Value>) {
    let mut sql = "SELECT json FROM incident_summary WHERE opened_at < ?".to_owned();
    let mut values = vec![Value::from(filter.before.map_or(i64::MAX, micros::floor))];
    if let Some(open) = filter.open {
        sql.push_str(" AND is_open = ?");
        values.push(Value::from(open));
    }
    let (place, order) = match filter.sort {
        IncidentSort::Newest => ("(opened_at, id) < (?, ?)", "opened_at DESC, id DESC"),
        IncidentSort::Oldest => ("(opened_at, id) > (?, ?)", "opened_at, id"),
        IncidentSort::Severity => (
            "(severity > ? OR (severity = ? AND (opened_at, id) < (?, ?)))",
            "severity, opened_at DESC, id DESC",
        ),
    };
    if let Some(after) = &filter.after {
        if filter.sort == IncidentSort::Severity {
            values.extend(
                [after.severity.as_str(), after.severity.as_str()].map(|s| Value::from(s.to_owned())),
            );
        }
        values.extend([Value::from(micros::floor(after.opened_at)), Value::from(after.id.0.clone())]);
        sql.push_str(" AND ");
        sql.push_str(place);
    }
    sql.push_str(" ORDER BY ");
    sql.push_str(order);
    (sql, values)
}
