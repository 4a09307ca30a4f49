//! A bounded pool of SQLite connections with a time limit on waiting. It can be resized while it is in use.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The pool of one service.
pub(crate) struct Pool {
    permits: Arc<Semaphore>,
    size: AtomicUsize,
    in_use: AtomicUsize,
    waiting: AtomicUsize,
    timeouts: AtomicU64,
    idle: Mutex<Idle>,
}

struct Idle {
    path: PathBuf,
    /// Counts changes of the path; connections of an earlier one are closed when they come back.
    generation: u64,
    connections: Vec<Connection>,
    /// Connections lent out beyond the size, after it shrank; they do not come back.
    surplus: usize,
}

/// A connection that somebody holds; it goes back when dropped.
pub(crate) struct Lease {
    pool: Arc<Pool>,
    // In a mutex, as a connection may move between threads but not be shared by them.
    connection: Mutex<Option<Connection>>,
    generation: u64,
    permit: Option<OwnedSemaphorePermit>,
}

/// Counts down again when the wait ends in any way, even by being given up.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn up(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Ordering::SeqCst);
        Self(counter)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoConnection {
    #[error(
        "timed out after {waited_ms} ms waiting for a connection: pool of {size} exhausted, {waiting} waiting"
    )]
    Timeout { waited_ms: u128, size: usize, waiting: usize },
    #[error("could not open the database: {0}")]
    Open(#[from] rusqlite::Error),
}

/// Opens a database file as every service does.
pub(crate) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(2))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A killed process loses nothing with this; a power cut may, which a toy shop can bear.
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "wal_autocheckpoint", 200)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

impl Pool {
    pub(crate) fn new(path: PathBuf, size: usize) -> Arc<Self> {
        let size = size.max(1);
        Arc::new(Self {
            permits: Arc::new(Semaphore::new(size)),
            size: AtomicUsize::new(size),
            in_use: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            timeouts: AtomicU64::new(0),
            idle: Mutex::new(Idle { path, generation: 0, connections: Vec::new(), surplus: 0 }),
        })
    }

    /// Waits for a connection.
    pub(crate) async fn acquire(self: &Arc<Self>, limit: Duration) -> Result<Lease, NoConnection> {
        let waiting = Counted::up(&self.waiting);
        let permit = tokio::time::timeout(limit, Arc::clone(&self.permits).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            self.timeouts.fetch_add(1, Ordering::SeqCst);
            let (size, waiting) = (self.size(), self.waiting());
            return Err(NoConnection::Timeout { waited_ms: limit.as_millis(), size, waiting });
        };
        drop(waiting);
        let (known, path, generation) = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            (idle.connections.pop(), idle.path.clone(), idle.generation)
        };
        let connection = match known {
            Some(connection) => connection,
            None => open(&path)?,
        };
        self.in_use.fetch_add(1, Ordering::SeqCst);
        Ok(Lease {
            pool: Arc::clone(self),
            connection: Mutex::new(Some(connection)),
            generation,
            permit: Some(permit),
        })
    }

    /// Changes the size at once; when it shrinks, connections leave as they come back.
    pub(crate) fn resize(&self, size: usize) {
        let size = size.max(1);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.size.swap(size, Ordering::SeqCst);
        if size > before {
            let kept = idle.surplus.min(size - before);
            idle.surplus -= kept;
            self.permits.add_permits(size - before - kept);
        } else {
            let gone = self.permits.forget_permits(before - size);
            idle.surplus += before - size - gone;
        }
    }

    /// Uses another database file from now on.
    pub(crate) fn reopen(&self, path: PathBuf) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.path = path;
        idle.generation += 1;
        idle.connections.clear();
    }

    /// Connections that may be lent out.
    pub(crate) fn size(&self) -> usize {
        self.size.load(Ordering::SeqCst)
    }

    /// Connections lent out.
    pub(crate) fn in_use(&self) -> usize {
        self.in_use.load(Ordering::SeqCst)
    }

    /// Who waits.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Waits that were given up since the process began.
    pub(crate) fn timeouts(&self) -> u64 {
        self.timeouts.load(Ordering::SeqCst)
    }

    /// A new process counts from zero.
    pub(crate) fn forget_timeouts(&self) {
        self.timeouts.store(0, Ordering::SeqCst);
    }
}

impl Lease {
    /// Runs something on the connection.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.as_ref().map_or(Err(rusqlite::Error::InvalidQuery), work)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pool.in_use.fetch_sub(1, Ordering::SeqCst);
        let connection = self.connection.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let mut idle = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.surplus > 0 {
            idle.surplus -= 1;
            if let Some(permit) = self.permit.take() {
                permit.forget();
            }
            return;
        }
        if let (Some(connection), true) = (connection, idle.generation == self.generation)
            // A holder that was cut off may have left a transaction behind.
            && connection.is_autocommit()
        {
            idle.connections.push(connection);
        }
    }
}

#[cfg(test)]
mod tests;
