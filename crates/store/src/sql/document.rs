//! Table `document`.

use firebell_core::ports::office::Document;
use firebell_core::ports::store::StoreResult;
use rusqlite::{Connection, Row, params};

use super::{col, collect, exec, json_col, limit, one, time_col};
use crate::{codec, micros};

const GET: &str = "SELECT kind, id, version, updated_at, json FROM document WHERE kind = ?1 AND id = ?2";
const LIST: &str = "SELECT kind, id, version, updated_at, json FROM document WHERE kind = ?1 AND id > ?2 \
     ORDER BY id LIMIT ?3";
const PUT: &str = "INSERT INTO document (kind, id, version, updated_at, json) VALUES (?1, ?2, ?3, ?4, ?5) \
     ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, updated_at = excluded.updated_at, \
     json = excluded.json";
const REMOVE: &str = "DELETE FROM document WHERE kind = ?1 AND id = ?2";

/// One document.
pub(crate) fn get(conn: &Connection, kind: &str, id: &str) -> StoreResult<Option<Document>> {
    one(conn, "read a document", GET, params![kind, id], read)
}

/// Documents of a kind.
pub(crate) fn list(conn: &Connection, kind: &str, after: &str, rows: usize) -> StoreResult<Vec<Document>> {
    collect(conn, "list documents", LIST, params![kind, after, limit(rows)], read)
}

/// Writes a document.
pub(crate) fn put(conn: &Connection, document: &Document) -> StoreResult<()> {
    let doing = "write a document";
    let json = codec::to_json(doing, &document.body)?;
    let values =
        params![document.kind, document.id, document.version, micros::floor(document.updated_at), json];
    exec(conn, doing, PUT, values).map(drop)
}

/// Takes a document away.
pub(crate) fn remove(conn: &Connection, kind: &str, id: &str) -> StoreResult<bool> {
    Ok(exec(conn, "remove a document", REMOVE, params![kind, id])? > 0)
}

fn read(row: &Row<'_>) -> StoreResult<Document> {
    let (kind, id): (String, String) = (col(row, 0)?, col(row, 1)?);
    let body = json_col(row, 4, &format!("{kind} {id}"))?;
    Ok(Document { version: col(row, 2)?, updated_at: time_col(row, 3)?, body, kind, id })
}
