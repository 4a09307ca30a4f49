//! Table `seen_key`: keys of reports and changes that came in.

use firebell_core::ports::store::StoreResult;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::exec;
use crate::{micros, retention};

const FORGET: &str = "DELETE FROM seen_key WHERE at < ?1";
const REMEMBER: &str = "INSERT INTO seen_key (seen, at) VALUES (?1, ?2) ON CONFLICT (seen) DO NOTHING";

/// Whether a key was seen; remembers it.
pub(crate) fn seen_before(conn: &Connection, key: &str, now: Timestamp) -> StoreResult<bool> {
    exec(conn, "forget old keys", FORGET, [retention::seen_keys_before(now)])?;
    Ok(exec(conn, "remember a key", REMEMBER, params![key, micros::floor(now)])? == 0)
}
