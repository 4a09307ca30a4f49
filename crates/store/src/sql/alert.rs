//! Table `alert`: signals, folded.

use firebell_core::alert::Alert;
use firebell_core::ids::Fingerprint;
use firebell_core::ports::store::{AlertFilter, AlertSort, StoreResult};
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::{collect, exec, json_col, limit, one};
use crate::filter::{alert_follows, alert_limit, sort_alerts};
use crate::{codec, micros};

const GET: &str = "SELECT json FROM alert WHERE fingerprint = ?1";
const PUT: &str = "INSERT INTO alert (fingerprint, firing, incident, starts_at, ends_at, last_seen, json) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (fingerprint) DO UPDATE SET firing = excluded.firing, \
     incident = excluded.incident, starts_at = excluded.starts_at, ends_at = excluded.ends_at, \
     last_seen = excluded.last_seen, json = excluded.json";
const FIRING: &str = "SELECT json FROM alert WHERE firing = 1 ORDER BY starts_at, fingerprint LIMIT ?1";
const LAPSED: &str = "SELECT json FROM alert WHERE firing = 1 AND ends_at IS NOT NULL AND ends_at <= ?1 \
     ORDER BY ends_at, fingerprint LIMIT ?2";
/// One alert.
pub(crate) fn get(conn: &Connection, fingerprint: &Fingerprint) -> StoreResult<Option<Alert>> {
    one(conn, "read an alert", GET, [fingerprint.as_str()], |row| {
        json_col(row, 0, &format!("alert {fingerprint}"))
    })
}

/// Writes an alert.
pub(crate) fn put(conn: &Connection, alert: &Alert) -> StoreResult<()> {
    let json = codec::to_json("write an alert", alert)?;
    let values = params![
        alert.fingerprint.as_str(),
        alert.firing,
        alert.incident.as_ref().map(|id| id.as_str()),
        micros::floor(alert.starts_at),
        alert.ends_at.map(micros::ceil),
        micros::floor(alert.last_seen),
        json
    ];
    exec(conn, "write an alert", PUT, values).map(drop)
}

/// Firing alerts, oldest first.
pub(crate) fn firing(conn: &Connection, rows: usize) -> StoreResult<Vec<Alert>> {
    collect(conn, "list firing alerts", FIRING, [limit(rows)], read)
}

/// Firing alerts whose end has passed.
pub(crate) fn lapsed(conn: &Connection, now: Timestamp, rows: usize) -> StoreResult<Vec<Alert>> {
    collect(conn, "list lapsed alerts", LAPSED, params![micros::floor(now), limit(rows)], read)
}

/// The list. By last sight: one pass for firing and one for resolved alerts, so that each follows an index.
pub(crate) fn list(conn: &Connection, filter: &AlertFilter) -> StoreResult<Vec<Alert>> {
    let rows = alert_limit(filter);
    let passes = match (filter.sort, filter.firing) {
        (_, Some(firing)) => vec![Some(firing)],
        (AlertSort::LastSeen, None) => vec![Some(true), Some(false)],
        (AlertSort::Fingerprint, None) => vec![None],
    };
    let mut found = Vec::new();
    for firing in passes {
        let (sql, values) = statement(filter, firing, rows);
        found.extend(collect(conn, "list alerts", &sql, params_from_iter(values), read)?);
    }
    found.retain(|alert| alert_follows(filter, alert));
    sort_alerts(&mut found, filter.sort, rows);
    Ok(found)
}

/// One pass. Texts are from here, never from outside.
fn statement(filter: &AlertFilter, firing: Option<bool>, rows: usize) -> (String, Vec<Value>) {
    let mut conditions = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    if let Some(firing) = firing {
        conditions.push("firing = ?");
        values.push(Value::from(firing));
    }
    if let Some(incident) = &filter.incident {
        conditions.push("incident = ?");
        values.push(Value::from(incident.0.clone()));
    }
    if let Some(after) = &filter.after {
        let fingerprint = Value::from(after.fingerprint.as_str().to_owned());
        if filter.sort == AlertSort::LastSeen {
            let seen = Value::from(micros::floor(after.last_seen));
            conditions.push("(last_seen < ? OR (last_seen = ? AND fingerprint > ?))");
            values.extend([seen.clone(), seen, fingerprint]);
        } else {
            conditions.push("fingerprint > ?");
            values.push(fingerprint);
        }
    }
    let order = match filter.sort {
        AlertSort::LastSeen => "last_seen DESC, fingerprint",
        AlertSort::Fingerprint => "fingerprint",
    };
    let whole =
        if conditions.is_empty() { String::new() } else { format!("WHERE {} ", conditions.join(" AND ")) };
    values.push(Value::from(limit(rows)));
    (format!("SELECT json FROM alert {whole}ORDER BY {order} LIMIT ?"), values)
}

fn read(row: &Row<'_>) -> StoreResult<Alert> {
    json_col(row, 0, "an alert")
}
