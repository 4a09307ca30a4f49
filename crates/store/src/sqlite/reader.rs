//! Committed state from any thread: a few connections that cannot write. All calls block.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use firebell_core::alert::Alert;
use firebell_core::change::Change;
use firebell_core::ids::IncidentId;
use firebell_core::incident::{EventRecord, Summary};
use firebell_core::ports::store::{
    AlertFilter, IncidentFilter, OutboxRow, OutboxState, Reader, StoreResult, TimerRow,
};
use firebell_core::silence::Silence;
use firebell_core::telemetry::Window;
use rusqlite::Connection;

use super::open;
use crate::sql;

/// Connections at most; two cores serve no more at a time.
const CONNECTIONS: usize = 3;

struct Pool {
    path: PathBuf,
    idle: Mutex<Idle>,
    returned: Condvar,
}

#[derive(Default)]
struct Idle {
    connections: Vec<Connection>,
    made: usize,
}

/// Reads from any thread; clones share their connections.
#[derive(Clone)]
pub struct SqliteReader {
    pool: Arc<Pool>,
}

impl SqliteReader {
    /// Opens the database of a data folder for reading, beside a running server or without one.
    ///
    /// # Errors
    /// When there is no database that can be read.
    pub fn open(dir: &Path) -> StoreResult<Self> {
        let path = open::database(dir);
        let first = open::reading(&path)?;
        let idle = Mutex::new(Idle { connections: vec![first], made: 1 });
        Ok(Self { pool: Arc::new(Pool { path, idle, returned: Condvar::new() }) })
    }

    pub(super) fn connection(&self) -> StoreResult<Lent<'_>> {
        let pool = &*self.pool;
        let mut idle = pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(conn) = idle.connections.pop() {
                return Ok(Lent { pool, conn: Some(conn) });
            }
            if idle.made < CONNECTIONS {
                let conn = open::reading(&pool.path)?;
                idle.made += 1;
                return Ok(Lent { pool, conn: Some(conn) });
            }
            idle = pool.returned.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn run<T>(&self, work: impl FnOnce(&Connection) -> StoreResult<T>) -> StoreResult<T> {
        work(&*self.connection()?)
    }
}

/// A connection on loan; it goes back when this is dropped.
pub(super) struct Lent<'p> {
    pool: &'p Pool,
    conn: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).connections.push(conn);
            self.pool.returned.notify_one();
        }
    }
}

impl Deref for Lent<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match &self.conn {
            Some(conn) => conn,
            None => unreachable!("a lent connection is there until it is given back"),
        }
    }
}

impl Reader for SqliteReader {
    fn events(&self, incident: &IncidentId) -> StoreResult<Vec<EventRecord>> {
        self.run(|conn| sql::event::of_incident(conn, incident))
    }

    fn events_after(&self, position: u64, limit: usize) -> StoreResult<Vec<(u64, EventRecord)>> {
        self.run(|conn| sql::event::after(conn, position, limit))
    }

    fn position(&self) -> StoreResult<u64> {
        self.run(sql::event::position)
    }

    fn incidents(&self, filter: &IncidentFilter) -> StoreResult<Vec<Summary>> {
        self.run(|conn| sql::summary::list(conn, filter))
    }

    fn summary(&self, incident: &IncidentId) -> StoreResult<Option<Summary>> {
        self.run(|conn| sql::summary::get(conn, incident))
    }

    fn alerts(&self, filter: &AlertFilter) -> StoreResult<Vec<Alert>> {
        self.run(|conn| sql::alert::list(conn, filter))
    }

    fn silences(&self) -> StoreResult<Vec<Silence>> {
        self.run(sql::silence::all)
    }

    fn changes(&self, window: Window, limit: usize) -> StoreResult<Vec<Change>> {
        self.run(|conn| sql::change::within(conn, window, limit))
    }

    fn outbox(
        &self,
        incident: Option<&IncidentId>,
        state: Option<OutboxState>,
        limit: usize,
    ) -> StoreResult<Vec<OutboxRow>> {
        self.run(|conn| sql::outbox::list(conn, incident, state, limit))
    }

    fn timers(&self, incident: Option<&IncidentId>) -> StoreResult<Vec<TimerRow>> {
        self.run(|conn| match incident {
            Some(incident) => sql::timer::of_incident(conn, incident),
            None => sql::timer::all(conn),
        })
    }

    fn inbox_depth(&self) -> StoreResult<u64> {
        self.run(sql::inbox::depth)
    }

    fn blob_get(&self, sha256: &str) -> StoreResult<Option<Vec<u8>>> {
        self.run(|conn| sql::blob::get(conn, sha256))
    }
}
