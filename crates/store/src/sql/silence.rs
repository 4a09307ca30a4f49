//! Table `silence`.

use firebell_core::ports::store::StoreResult;
use firebell_core::silence::Silence;
use rusqlite::{Connection, params};

use super::{collect, exec, json_col};
use crate::{codec, micros, retention};

const ALL: &str = "SELECT json FROM silence ORDER BY starts_at, id";
const PUT: &str = "INSERT INTO silence (id, starts_at, ends_at, json) VALUES (?1, ?2, ?3, ?4) \
     ON CONFLICT (id) DO UPDATE SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, json = excluded.json";
const FORGET: &str = "DELETE FROM silence WHERE ends_at < ?1";

/// All silences that are not long expired.
pub(crate) fn all(conn: &Connection) -> StoreResult<Vec<Silence>> {
    collect(conn, "read silences", ALL, [], |row| json_col(row, 0, "a silence"))
}

/// Writes a silence. Those that were long over when it was written are forgotten with it: nobody else calls often
/// enough to matter, and nobody calls without a time.
pub(crate) fn put(conn: &Connection, silence: &Silence) -> StoreResult<()> {
    exec(conn, "forget old silences", FORGET, [retention::silences_before(silence.updated_at)])?;
    let json = codec::to_json("write a silence", silence)?;
    let values = params![silence.id, micros::floor(silence.starts_at), micros::floor(silence.ends_at), json];
    exec(conn, "write a silence", PUT, values).map(drop)
}
