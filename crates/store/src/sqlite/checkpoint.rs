//! Moving committed pages from the write-ahead log into the database file.
//!
//! A background thread does most of it while the writer goes on, so that commits stay short. The log only starts
//! anew when all of it has been moved, which under steady load never happens behind the writer's back: past a
//! limit the writer does the little that is left itself.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use firebell_core::ports::store::{StoreError, StoreResult};
use rusqlite::Connection;

use super::open::{self, Options};
use crate::sql::failed;

/// Frames (pages of 4 KiB) in the log that are worth a background run.
const WORTH_A_RUN: i64 = 1_000;
/// Frames in the log past which the writer helps.
const TOO_LONG: i64 = 16_384;

#[derive(Default)]
struct Wanted {
    run: bool,
    stop: bool,
}

#[derive(Default)]
struct Shared {
    wanted: Mutex<Wanted>,
    changed: Condvar,
    /// Held while a checkpoint runs.
    running: Mutex<()>,
}

/// The background thread's handle; dropping it ends the thread.
pub(super) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread.
    pub(super) fn start(path: PathBuf, options: Options) -> StoreResult<Self> {
        let conn = open::writing(&path, &options)?;
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || background(&theirs, &conn))
            .map_err(|e| StoreError::Database { doing: "start the checkpointer", detail: e.to_string() })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// To be called after each commit, with the writer's connection.
    pub(super) fn after_commit(&self, conn: &Connection) {
        let checked = measure(conn).and_then(|(log, moved)| {
            if log >= TOO_LONG {
                let _running = locked(&self.shared.running);
                passive(conn)?;
            } else if log - moved >= WORTH_A_RUN {
                locked(&self.shared.wanted).run = true;
                self.shared.changed.notify_one();
            }
            Ok(())
        });
        // The commit stands whatever happens here; the log is moved later.
        if let Err(error) = checked {
            tracing::warn!(%error, "the write-ahead log could not be moved; trying again after the next commit");
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        locked(&self.shared.wanted).stop = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed, and nothing depends on the thread's result.
            let _ = thread.join();
        }
    }
}

fn background(shared: &Shared, conn: &Connection) {
    loop {
        let mut wanted = locked(&shared.wanted);
        while !wanted.run && !wanted.stop {
            wanted = shared.changed.wait(wanted).unwrap_or_else(PoisonError::into_inner);
        }
        if wanted.stop {
            return;
        }
        wanted.run = false;
        drop(wanted);
        let _running = locked(&shared.running);
        if let Err(error) = passive(conn) {
            tracing::warn!(%error, "the write-ahead log could not be moved; trying again later");
        }
    }
}

/// Frames in the log, and how many of them have been moved.
fn measure(conn: &Connection) -> StoreResult<(i64, i64)> {
    checkpoint(conn, "PRAGMA wal_checkpoint(NOOP)")
}

fn passive(conn: &Connection) -> StoreResult<(i64, i64)> {
    checkpoint(conn, "PRAGMA wal_checkpoint(PASSIVE)")
}

fn checkpoint(conn: &Connection, sql: &str) -> StoreResult<(i64, i64)> {
    let doing = "move the write-ahead log";
    let mut statement = conn.prepare_cached(sql).map_err(failed(doing))?;
    statement.query_row([], |row| Ok((row.get(1)?, row.get(2)?))).map_err(failed(doing))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
