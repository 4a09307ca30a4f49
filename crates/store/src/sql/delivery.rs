//! Table `delivery`.

use firebell_core::ports::office::Delivery;
use firebell_core::ports::store::{OutboxState, StoreResult};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::{collect, exec, json_col, limit, one};
use crate::{codec, micros, retention};

const GET: &str = "SELECT json FROM delivery WHERE id = ?1";
const DUE: &str =
    "SELECT json FROM delivery WHERE waiting = 1 AND next_at <= ?1 ORDER BY next_at, id LIMIT ?2";
const NEXT: &str = "SELECT min(next_at) FROM delivery WHERE waiting = 1";
const TO: &str = "SELECT json FROM delivery WHERE receiver = ?1 ORDER BY created_at DESC, id DESC LIMIT ?2";
const PUT: &str = "INSERT INTO delivery (id, receiver, waiting, next_at, created_at, ended_at, json) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET receiver = excluded.receiver, \
     waiting = excluded.waiting, next_at = excluded.next_at, ended_at = excluded.ended_at, json = excluded.json";
const FORGET: &str = "DELETE FROM delivery WHERE ended_at < ?1";

/// Whether it is still to be sent.
pub(crate) fn waits(delivery: &Delivery) -> bool {
    delivery.state == OutboxState::Waiting
}

/// One delivery.
pub(crate) fn get(conn: &Connection, id: &str) -> StoreResult<Option<Delivery>> {
    one(conn, "read a delivery", GET, [id], read)
}

/// Those that are due, earliest first.
pub(crate) fn due(conn: &Connection, now: Timestamp, rows: usize) -> StoreResult<Vec<Delivery>> {
    collect(conn, "find due deliveries", DUE, params![micros::floor(now), limit(rows)], read)
}

/// When the next is due.
pub(crate) fn next(conn: &Connection) -> StoreResult<Option<Timestamp>> {
    super::timer::earliest(conn, "find the next delivery", NEXT)
}

/// Those to one receiver, newest first.
pub(crate) fn to(conn: &Connection, receiver: &str, rows: usize) -> StoreResult<Vec<Delivery>> {
    collect(conn, "list deliveries", TO, params![receiver, limit(rows)], read)
}

/// Writes a delivery, and forgets those that are long over.
pub(crate) fn put(conn: &Connection, delivery: &Delivery) -> StoreResult<()> {
    let doing = "write a delivery";
    exec(conn, "forget old deliveries", FORGET, [retention::deliveries_before(delivery.next_at)])?;
    let json = codec::to_json(doing, delivery)?;
    let values = params![
        delivery.id,
        delivery.to,
        waits(delivery),
        micros::ceil(delivery.next_at),
        micros::floor(delivery.created_at),
        delivery.ended_at.map(micros::floor),
        json
    ];
    exec(conn, doing, PUT, values).map(drop)
}

fn read(row: &Row<'_>) -> StoreResult<Delivery> {
    json_col(row, 0, "a delivery")
}
