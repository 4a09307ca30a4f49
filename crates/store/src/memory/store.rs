//! The writer's side, and snapshots.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use firebell_core::ports::store::{Store, StoreError, StoreResult, Tx};

use super::blobs::MemoryBlobs;
use super::reader::MemoryReader;
use super::state::State;
use super::tx::MemoryTx;

/// State that a store, its readers and its blob store share.
#[derive(Debug, Default)]
pub(super) struct Shared(RwLock<State>);

impl Shared {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, State> {
        // A panic inside a transaction has been rolled back before the lock was let go.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store in memory. A clone is a snapshot of what is committed, and goes its own way from there: what is left after
/// a crash. Its readers must not be asked from inside one of its own transactions.
#[derive(Debug, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A reader of this store's committed state.
    pub fn reader(&self) -> MemoryReader {
        MemoryReader::new(Arc::clone(&self.shared))
    }

    /// A blob store on this store.
    pub fn blobs(&self) -> MemoryBlobs {
        MemoryBlobs::new(Arc::clone(&self.shared))
    }
}

impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        let state = self.shared.read().clone();
        Self { shared: Arc::new(Shared(RwLock::new(state))) }
    }
}

impl Store for MemoryStore {
    fn transact(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> StoreResult<()>) -> StoreResult<()> {
        let mut open = Open(self.shared.write());
        let mut tx = MemoryTx::new(&mut open.0);
        work(&mut tx)?;
        if let Some(detail) = tx.into_failure() {
            return Err(StoreError::Database { doing: "commit", detail });
        }
        open.0.commit();
        Ok(())
    }
}

/// An open transaction: rolled back when it goes out of scope. After a commit there is nothing left to roll back.
struct Open<'s>(RwLockWriteGuard<'s, State>);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.rollback();
    }
}
