//! Table `outbox`: effects on their way.

use firebell_core::ids::{EffectKey, IncidentId};
use firebell_core::ports::store::{OutboxRow, OutboxState, StoreError, StoreResult};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::{col, collect, exec, json_col, limit, mark, one, time_col};
use crate::{codec, micros};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT effect_key, incident, state, attempts, next_at, fence, last_error, created_at, json FROM outbox ",
            $rest
        )
    };
}

const INSERT: &str = "INSERT INTO outbox (effect_key, seq, incident, state, pending, attempts, next_at, fence, \
     last_error, created_at, json, calls) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const EXISTS: &str = "SELECT 1 FROM outbox WHERE effect_key = ?1";
const UPDATE: &str = "UPDATE outbox SET state = ?2, pending = ?3, attempts = ?4, next_at = ?5, fence = ?6, \
     last_error = ?7 WHERE effect_key = ?1";
const GET: &str = select!("WHERE effect_key = ?1");
const DUE: &str = select!("WHERE pending = 1 AND next_at <= ?1 ORDER BY next_at, seq LIMIT ?2");
const DUE_CALLS: &str =
    select!("WHERE pending = 1 AND calls = 1 AND next_at <= ?1 ORDER BY next_at, seq LIMIT ?2");
const NEXT: &str = "SELECT min(next_at) FROM outbox WHERE pending = 1";
const ALL: &str = select!("ORDER BY seq LIMIT ?1");
const OF_INCIDENT: &str = select!("WHERE incident = ?2 ORDER BY seq LIMIT ?1");
const IN_STATE: &str = select!("WHERE state = ?2 ORDER BY seq LIMIT ?1");
const OF_INCIDENT_IN_STATE: &str = select!("WHERE incident = ?2 AND state = ?3 ORDER BY seq LIMIT ?1");

/// Whether a state is one that a worker may still take.
pub(crate) fn pending(state: OutboxState) -> bool {
    matches!(state, OutboxState::Waiting | OutboxState::Leased)
}

fn state_text(state: OutboxState) -> &'static str {
    match state {
        OutboxState::Waiting => "waiting",
        OutboxState::Leased => "leased",
        OutboxState::Done => "done",
        OutboxState::Dead => "dead",
    }
}

fn state_of(text: &str) -> Option<OutboxState> {
    [OutboxState::Waiting, OutboxState::Leased, OutboxState::Done, OutboxState::Dead]
        .into_iter()
        .find(|state| state_text(*state) == text)
}

/// Puts an effect in, unless its key is there.
pub(crate) fn put(conn: &Connection, row: &OutboxRow) -> StoreResult<()> {
    let doing = "put an effect into the outbox";
    if one(conn, doing, EXISTS, [row.key.as_str()], |_| Ok(()))?.is_some() {
        return Ok(());
    }
    let json = codec::to_json(doing, &row.effect)?;
    let values = params![
        row.key.as_str(),
        mark::next(conn, mark::OUTBOX_SEQ)?,
        row.incident.as_str(),
        state_text(row.state),
        pending(row.state),
        row.attempts,
        micros::ceil(row.next_at),
        row.fence,
        row.last_error,
        micros::floor(row.created_at),
        json,
        row.effect.calls_people()
    ];
    exec(conn, doing, INSERT, values).map(drop)
}

/// Writes what changes about a row.
pub(crate) fn update(conn: &Connection, row: &OutboxRow) -> StoreResult<()> {
    let values = params![
        row.key.as_str(),
        state_text(row.state),
        pending(row.state),
        row.attempts,
        micros::ceil(row.next_at),
        row.fence,
        row.last_error
    ];
    match exec(conn, "update an effect", UPDATE, values)? {
        0 => Err(unknown(&row.key)),
        _ => Ok(()),
    }
}

/// The error of an update to a row that is not there.
pub(crate) fn unknown(key: &EffectKey) -> StoreError {
    StoreError::Database { doing: "update an effect", detail: format!("the outbox has no effect {key}") }
}

/// One row.
pub(crate) fn get(conn: &Connection, key: &EffectKey) -> StoreResult<Option<OutboxRow>> {
    one(conn, "read an effect", GET, [key.as_str()], read)
}

/// Rows to be taken.
pub(crate) fn due(conn: &Connection, now: Timestamp, rows: usize) -> StoreResult<Vec<OutboxRow>> {
    collect(conn, "find due effects", DUE, params![micros::floor(now), limit(rows)], read)
}

/// Rows to be taken that call people.
pub(crate) fn due_calls(conn: &Connection, now: Timestamp, rows: usize) -> StoreResult<Vec<OutboxRow>> {
    collect(conn, "find due calls", DUE_CALLS, params![micros::floor(now), limit(rows)], read)
}

/// When the next row is to be taken.
pub(crate) fn next(conn: &Connection) -> StoreResult<Option<Timestamp>> {
    super::timer::earliest(conn, "find the next effect", NEXT)
}

/// Rows for people.
pub(crate) fn list(
    conn: &Connection,
    incident: Option<&IncidentId>,
    state: Option<OutboxState>,
    rows: usize,
) -> StoreResult<Vec<OutboxRow>> {
    let (doing, rows) = ("list effects", limit(rows));
    match (incident.map(IncidentId::as_str), state.map(state_text)) {
        (None, None) => collect(conn, doing, ALL, params![rows], read),
        (Some(incident), None) => collect(conn, doing, OF_INCIDENT, params![rows, incident], read),
        (None, Some(state)) => collect(conn, doing, IN_STATE, params![rows, state], read),
        (Some(incident), Some(state)) => {
            collect(conn, doing, OF_INCIDENT_IN_STATE, params![rows, incident, state], read)
        }
    }
}

fn read(row: &Row<'_>) -> StoreResult<OutboxRow> {
    let key = EffectKey(col(row, 0)?);
    let state: String = col(row, 2)?;
    let state = state_of(&state).ok_or_else(|| StoreError::Corrupt {
        what: format!("effect {key}"),
        detail: format!("{state:?} is not a state of the outbox"),
    })?;
    Ok(OutboxRow {
        incident: IncidentId(col(row, 1)?),
        effect: json_col(row, 8, &format!("effect {key}"))?,
        state,
        attempts: col(row, 3)?,
        next_at: time_col(row, 4)?,
        fence: col(row, 5)?,
        last_error: col(row, 6)?,
        created_at: time_col(row, 7)?,
        key,
    })
}
