//! Table `alert`: signals, folded.

use firebell_core::alert::Alert;
use firebell_core::ids::Fingerprint;
use firebell_core::ports::store::{AlertFilter, StoreResult};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::{collect, exec, json_col, limit, one};
use crate::filter::{alert_limit, sort_alerts};
use crate::{codec, micros};

const GET: &str = "SELECT json FROM alert WHERE fingerprint = ?1";
const PUT: &str = "INSERT INTO alert (fingerprint, firing, incident, starts_at, ends_at, last_seen, json) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (fingerprint) DO UPDATE SET firing = excluded.firing, \
     incident = excluded.incident, starts_at = excluded.starts_at, ends_at = excluded.ends_at, \
     last_seen = excluded.last_seen, json = excluded.json";
const FIRING: &str = "SELECT json FROM alert WHERE firing = 1 ORDER BY starts_at, fingerprint LIMIT ?1";
const LAPSED: &str = "SELECT json FROM alert WHERE firing = 1 AND ends_at IS NOT NULL AND ends_at <= ?1 \
     ORDER BY ends_at, fingerprint LIMIT ?2";
const SEEN: &str = "SELECT json FROM alert WHERE firing = ?2 ORDER BY last_seen DESC, fingerprint LIMIT ?1";
const OF_INCIDENT: &str = "SELECT json FROM alert WHERE incident = ?2 AND firing = ?3 \
     ORDER BY last_seen DESC, fingerprint LIMIT ?1";

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

/// The list, last seen first. One pass for firing and one for resolved alerts, so that each follows an index.
pub(crate) fn list(conn: &Connection, filter: &AlertFilter) -> StoreResult<Vec<Alert>> {
    let rows = alert_limit(filter);
    let mut found = Vec::new();
    for firing in [true, false] {
        if filter.firing.is_some_and(|wanted| wanted != firing) {
            continue;
        }
        found.extend(match &filter.incident {
            None => collect(conn, "list alerts", SEEN, params![limit(rows), firing], read)?,
            Some(id) => {
                collect(conn, "list alerts", OF_INCIDENT, params![limit(rows), id.as_str(), firing], read)?
            }
        });
    }
    sort_alerts(&mut found, rows);
    Ok(found)
}

fn read(row: &Row<'_>) -> StoreResult<Alert> {
    json_col(row, 0, "an alert")
}
