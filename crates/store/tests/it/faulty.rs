//! Faults on purpose.

use firebell_core::ports::store::{Reader, Store};
use firebell_store::contracts::samples::event;
use firebell_store::{Fault, FaultyStore, MemoryStore};

#[test]
fn fails_before_or_after_the_commit_as_planned() {
    let memory = MemoryStore::new();
    let reader = memory.reader();
    let (mut store, faults) = FaultyStore::new(memory);
    faults.at(2, Fault::BeforeCommit);
    faults.at(3, Fault::AfterCommit);
    let mut append = |version| store.transact(&mut |tx| tx.append(&[event(1, version)]));
    append(1).unwrap();
    append(2).unwrap_err();
    assert_eq!(reader.position().unwrap(), 1, "nothing has happened");
    append(2).unwrap_err();
    assert_eq!(reader.position().unwrap(), 2, "it has happened, and the caller does not know");
    append(3).unwrap();
    faults.next(Fault::BeforeCommit);
    faults.clear();
    append(4).unwrap();
    assert_eq!((faults.count(), faults.hits()), (5, 2));
}

#[test]
fn a_snapshot_holds_what_was_committed_and_goes_its_own_way() {
    let mut store = MemoryStore::new();
    store.transact(&mut |tx| tx.append(&[event(1, 1)])).unwrap();
    let mut crashed = store.clone();
    store.transact(&mut |tx| tx.append(&[event(1, 2)])).unwrap();
    assert_eq!(crashed.reader().position().unwrap(), 1);
    crashed.transact(&mut |tx| tx.append(&[event(1, 2), event(1, 3)])).unwrap();
    assert_eq!((store.reader().position().unwrap(), crashed.reader().position().unwrap()), (2, 3));
}
