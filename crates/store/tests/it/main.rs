//! Both stores against the contract and each other; SQLite against crashes, full disks, and second servers.

mod backup;
mod blobs;
mod contract;
mod equal;
mod faulty;
mod full;
mod open;
mod recovery;

use std::path::Path;

use firebell_store::contracts::Subject;
use firebell_store::{Durability, MemoryStore, SqliteStore};

/// A SQLite store in a folder.
fn sqlite_in(dir: &Path) -> Subject {
    let (store, reader) = SqliteStore::open(dir, Durability::Process).unwrap();
    Subject {
        store: Box::new(store),
        reader: Box::new(reader.clone()),
        office: Box::new(reader),
        keep: Box::new(()),
    }
}

/// A SQLite store in a folder of its own.
fn sqlite() -> Subject {
    let dir = tempfile::tempdir().unwrap();
    let mut subject = sqlite_in(dir.path());
    subject.keep = Box::new(dir);
    subject
}

/// A store in memory.
fn memory() -> Subject {
    let store = MemoryStore::new();
    let reader = store.reader();
    Subject {
        store: Box::new(store),
        reader: Box::new(reader.clone()),
        office: Box::new(reader),
        keep: Box::new(()),
    }
}
