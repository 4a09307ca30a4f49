//! The writer's side.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use firebell_core::ports::store::{Store, StoreError, StoreResult, Tx};
use rusqlite::Connection;

use super::blobs::SqliteBlobs;
use super::checkpoint::Checkpointer;
use super::lock::DataLock;
use super::migrate::migrate;
use super::open::{self, Durability, Options};
use super::reader::SqliteReader;
use super::tx::SqliteTx;
use crate::sql::failed;

/// The one writer of a data folder.
pub struct SqliteStore {
    // Dropped in this order: the checkpointer's connection before ours, the lock last.
    checkpointer: Checkpointer,
    conn: Connection,
    path: PathBuf,
    options: Options,
    gate: Arc<Mutex<()>>,
    _lock: Arc<DataLock>,
}

impl SqliteStore {
    /// Opens (or makes) the database in a data folder, and brings its schema up to date.
    ///
    /// # Errors
    /// When the folder cannot be used, another server uses it, or the database is newer than this program.
    pub fn open(dir: &Path, durability: Durability) -> StoreResult<(Self, SqliteReader)> {
        Self::open_with(dir, Options { durability, ..Options::default() })
    }

    /// As [`SqliteStore::open`], with all options.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with(dir: &Path, options: Options) -> StoreResult<(Self, SqliteReader)> {
        open::make_dir(dir)?;
        let lock = Arc::new(DataLock::take(dir)?);
        let path = open::database(dir);
        let mut conn = open::writing(&path, &options)?;
        migrate(&mut conn)?;
        let reader = SqliteReader::open(dir)?;
        let checkpointer = Checkpointer::start(path.clone(), options)?;
        let store = Self { checkpointer, conn, path, options, gate: Arc::default(), _lock: lock };
        Ok((store, reader))
    }

    /// A blob store on the same database, with a thread and a connection of its own.
    ///
    /// # Errors
    /// When the database or the thread cannot be opened.
    pub fn blobs(&self) -> StoreResult<SqliteBlobs> {
        SqliteBlobs::start(&self.path, &self.options, Arc::clone(&self.gate), Arc::clone(&self._lock))
    }
}

impl Store for SqliteStore {
    fn transact(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> StoreResult<()>) -> StoreResult<()> {
        {
            // Whoever writes besides waits here, not in SQLite's busy handler, which sleeps.
            let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
            write(&self.conn, |conn| {
                let mut tx = SqliteTx::new(conn);
                work(&mut tx)?;
                tx.finish()
            })?;
        }
        self.checkpointer.after_commit(&self.conn);
        Ok(())
    }
}

/// Runs `work` in one transaction.
pub(super) fn write<T>(
    conn: &Connection,
    work: impl FnOnce(&Connection) -> StoreResult<T>,
) -> StoreResult<T> {
    step(conn, "begin", "BEGIN IMMEDIATE")?;
    let rollback = Rollback(conn);
    let done = work(conn)?;
    if conn.is_autocommit() {
        let detail = "the database ended the transaction early: look for an earlier error".to_owned();
        return Err(StoreError::Database { doing: "commit", detail });
    }
    step(conn, "commit", "COMMIT")?;
    drop(rollback);
    Ok(done)
}

fn step(conn: &Connection, doing: &'static str, sql: &str) -> StoreResult<()> {
    let mut statement = conn.prepare_cached(sql).map_err(failed(doing))?;
    statement.execute([]).map_err(failed(doing)).map(drop)
}

/// Ends an open transaction when it goes out of scope: on an error, a failed commit, a panic. After a commit there is
/// none left to end.
struct Rollback<'c>(&'c Connection);

impl Drop for Rollback<'_> {
    fn drop(&mut self) {
        if self.0.is_autocommit() {
            return;
        }
        if let Err(error) = self.0.execute_batch("ROLLBACK") {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }
}
