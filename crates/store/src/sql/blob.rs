//! Table `blob_entry`: evidence by content hash, deflated.

use firebell_core::ports::store::StoreResult;
use rusqlite::{Connection, params};

use super::{col, exec, one};
use crate::codec;

const EXISTS: &str = "SELECT 1 FROM blob_entry WHERE sha256 = ?1";
const PUT: &str =
    "INSERT INTO blob_entry (sha256, size, deflated) VALUES (?1, ?2, ?3) ON CONFLICT (sha256) DO NOTHING";
const GET: &str = "SELECT size, deflated FROM blob_entry WHERE sha256 = ?1";

/// Whether it is there.
pub(crate) fn exists(conn: &Connection, sha256: &str) -> StoreResult<bool> {
    Ok(one(conn, "look for a blob", EXISTS, [sha256], |_| Ok(()))?.is_some())
}

/// Stores deflated bytes whose hash was checked before.
pub(crate) fn put_deflated(conn: &Connection, sha256: &str, size: usize, deflated: &[u8]) -> StoreResult<()> {
    exec(conn, "store a blob", PUT, params![sha256, size as u64, deflated]).map(drop)
}

/// The bytes.
pub(crate) fn get(conn: &Connection, sha256: &str) -> StoreResult<Option<Vec<u8>>> {
    let found: Option<(u32, Vec<u8>)> =
        one(conn, "read a blob", GET, [sha256], |row| Ok((col(row, 0)?, col(row, 1)?)))?;
    found.map(|(size, deflated)| codec::inflate(sha256, size as usize, &deflated)).transpose()
}
