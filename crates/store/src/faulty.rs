//! A store that fails on purpose, for simulation: before a commit (nothing has happened) or after it (all has
//! happened, and the caller does not know).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firebell_core::ports::store::{Store, StoreError, StoreResult, Tx};

/// Where a transaction fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The work was done and is rolled back.
    BeforeCommit,
    /// It is committed, and an error is answered all the same.
    AfterCommit,
}

#[derive(Debug, Default)]
struct Plan {
    count: u64,
    faults: BTreeMap<u64, Fault>,
    hits: u64,
}

/// The handle that plans faults; clones share their plan.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    plan: Arc<Mutex<Plan>>,
    /// Held while the store is slow.
    gate: Arc<Mutex<()>>,
}

/// While this is there every transaction waits.
#[derive(Debug)]
pub struct Slow<'a> {
    _gate: MutexGuard<'a, ()>,
}

impl Faults {
    /// Lets transaction number `count` fail, counted from 1 over the store's life.
    pub fn at(&self, count: u64, fault: Fault) {
        self.plan().faults.insert(count, fault);
    }

    /// Lets the next transaction fail.
    pub fn next(&self, fault: Fault) {
        let mut plan = self.plan();
        let count = plan.count + 1;
        plan.faults.insert(count, fault);
    }

    /// Lets every transaction wait until what is answered is dropped.
    pub fn hold(&self) -> Slow<'_> {
        Slow { _gate: self.gate.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Forgets all faults that are still to come.
    pub fn clear(&self) {
        self.plan().faults.clear();
    }

    /// Transactions begun so far.
    pub fn count(&self) -> u64 {
        self.plan().count
    }

    /// Faults that were struck so far.
    pub fn hits(&self) -> u64 {
        self.plan().hits
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> Option<Fault> {
        let mut plan = self.plan();
        plan.count += 1;
        let count = plan.count;
        let fault = plan.faults.remove(&count);
        plan.hits += u64::from(fault.is_some());
        fault
    }
}

/// A store with faults.
#[derive(Debug)]
pub struct FaultyStore<S> {
    inner: S,
    faults: Faults,
}

impl<S: Store> FaultyStore<S> {
    /// Wraps a store; nothing fails until the handle says so.
    pub fn new(inner: S) -> (Self, Faults) {
        let faults = Faults::default();
        (Self { inner, faults: faults.clone() }, faults)
    }

    /// The store within.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// Unwraps it.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Store> Store for FaultyStore<S> {
    fn transact(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> StoreResult<()>) -> StoreResult<()> {
        drop(self.faults.hold());
        match self.faults.begin() {
            None => self.inner.transact(work),
            Some(Fault::BeforeCommit) => self.inner.transact(&mut |tx| {
                work(tx)?;
                Err(struck("before the commit"))
            }),
            Some(Fault::AfterCommit) => {
                self.inner.transact(work)?;
                Err(struck("after the commit"))
            }
        }
    }
}

fn struck(when: &str) -> StoreError {
    StoreError::Database { doing: "commit", detail: format!("a planned fault {when}") }
}
