//! Opening connections: flags and settings.

use std::path::{Path, PathBuf};
use std::time::Duration;

use firebell_core::ports::store::{StoreError, StoreResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::sql::failed;

/// Name of the database file in the data folder.
pub const DATABASE_FILE: &str = "firebell.db";

/// Wait so long for a lock that another connection holds. Only checkpoints and backups hold one for long.
const BUSY: Duration = Duration::from_secs(10);

/// Statements kept prepared per connection; there are fewer.
const STATEMENTS: usize = 128;

/// What a commit outlives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Power loss: every commit is flushed to the disk before it is answered.
    #[default]
    Power,
    /// The end of the process, however it ends: flushed at checkpoints only. For tests and drills.
    Process,
}

/// How to open a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// What a commit outlives.
    pub durability: Durability,
    /// The database may grow to so many bytes; a commit beyond fails and leaves the store usable.
    pub max_bytes: Option<u64>,
}

/// Makes the data folder, open to its owner only.
pub(super) fn make_dir(dir: &Path) -> StoreResult<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| StoreError::Database {
        doing: "make the data folder",
        detail: format!("{}: {e}", dir.display()),
    })
}

/// The database file of a data folder.
pub(super) fn database(dir: &Path) -> PathBuf {
    dir.join(DATABASE_FILE)
}

/// A connection that writes.
pub(super) fn writing(path: &Path, options: &Options) -> StoreResult<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = connect(path, flags)?;
    let set = |sql: &str| conn.execute_batch(sql).map_err(opening(path));
    let mode: String =
        conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(opening(path))?;
    if !mode.eq_ignore_ascii_case("wal") {
        let detail = format!("{}: no write-ahead log here (got {mode}): use a local disk", path.display());
        return Err(StoreError::Database { doing: "open the database", detail });
    }
    set(match options.durability {
        Durability::Power => "PRAGMA synchronous = FULL",
        Durability::Process => "PRAGMA synchronous = NORMAL",
    })?;
    // 8 MiB of cache; checkpoints are ours to run; a log that grew in a storm gives its space back.
    set("PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864;")?;
    if let Some(max) = options.max_bytes {
        let page: u64 = conn.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(opening(path))?;
        set(&format!("PRAGMA max_page_count = {}", (max / page.max(1)).max(1)))?;
    }
    Ok(conn)
}

/// A connection that cannot write.
pub(super) fn reading(path: &Path) -> StoreResult<Connection> {
    let conn = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.execute_batch("PRAGMA cache_size = -2048").map_err(opening(path))?;
    Ok(conn)
}

fn connect(path: &Path, flags: OpenFlags) -> StoreResult<Connection> {
    let conn = Connection::open_with_flags(path, flags).map_err(opening(path))?;
    conn.busy_timeout(BUSY).map_err(failed("open the database"))?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // Plans do not depend on bound values: otherwise SQLite prepares a statement anew whenever its LIMIT is bound.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed("open the database"))?;
    conn.execute_batch("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0")
        .map_err(opening(path))?;
    Ok(conn)
}

fn opening(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError {
    move |e| StoreError::Database { doing: "open the database", detail: format!("{}: {e}", path.display()) }
}
