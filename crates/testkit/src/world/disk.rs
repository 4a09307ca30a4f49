//! What outlives a crash.

use std::sync::Arc;

use firebell_core::ports::store::{Reader, Store, StoreError, StoreResult, Tx};
use firebell_store::{Durability, MemoryStore, SqliteStore};
use tempfile::TempDir;

/// A store in memory, or a real database in a temporary folder.
pub enum Disk {
    /// In memory.
    Memory(MemoryStore),
    /// SQLite.
    Sqlite {
        /// The data folder.
        dir: TempDir,
        /// The open database; none while the process is down.
        store: Option<Box<SqliteStore>>,
    },
}

impl Disk {
    /// In memory.
    pub fn memory() -> Self {
        Self::Memory(MemoryStore::new())
    }

    /// In a new temporary folder.
    ///
    /// # Errors
    /// If there is no place for it.
    pub fn sqlite() -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        Ok(Self::Sqlite { dir, store: None })
    }

    /// Opens it.
    ///
    /// # Errors
    /// The store's.
    pub fn open(&mut self) -> Result<Arc<dyn Reader>, String> {
        match self {
            Self::Memory(store) => Ok(Arc::new(store.reader())),
            Self::Sqlite { dir, store } => {
                // Crashes here are of the process, not of the machine.
                let (opened, reader) =
                    SqliteStore::open(dir.path(), Durability::Process).map_err(|e| e.to_string())?;
                *store = Some(Box::new(opened));
                Ok(Arc::new(reader))
            }
        }
    }

    /// Closes it as a crash does, and opens it again.
    ///
    /// # Errors
    /// The store's.
    pub fn reopen(&mut self) -> Result<Arc<dyn Reader>, String> {
        match self {
            // What is committed is all that a crash leaves.
            Self::Memory(store) => *store = store.clone(),
            Self::Sqlite { store, .. } => *store = None,
        }
        self.open()
    }
}

impl Store for Disk {
    fn transact(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> StoreResult<()>) -> StoreResult<()> {
        match self {
            Self::Memory(store) => store.transact(work),
            Self::Sqlite { store: Some(store), .. } => store.transact(work),
            Self::Sqlite { store: None, .. } => {
                Err(StoreError::Database { doing: "begin", detail: "the database is not open".to_owned() })
            }
        }
    }
}
