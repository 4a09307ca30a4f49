//! Backups.

use firebell_core::ports::store::{Reader, Store};
use firebell_store::contracts::samples::{event, incident};
use firebell_store::{DATABASE_FILE, Durability, SqliteReader, SqliteStore};

#[test]
fn a_backup_made_under_load_is_whole_and_opens_as_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, reader) = SqliteStore::open(dir.path(), Durability::Process).unwrap();
    store.transact(&mut |tx| tx.append(&[event(1, 1), event(1, 2)])).unwrap();
    let copy = tempfile::tempdir().unwrap();
    let to = copy.path().join(DATABASE_FILE);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for version in (3..=201).step_by(2) {
                store.transact(&mut |tx| tx.append(&[event(1, version), event(1, version + 1)])).unwrap();
            }
        });
        reader.backup(&to).unwrap();
    });
    let (mut restored, read) = SqliteStore::open(copy.path(), Durability::Process).unwrap();
    let position = read.position().unwrap();
    assert!(position >= 2 && position % 2 == 0, "{position}");
    assert_eq!(read.events(&incident(1)).unwrap().len() as u64, position);
    restored.transact(&mut |tx| tx.append(&[event(1, position + 1)])).unwrap();
}

#[test]
fn a_backup_never_overwrites() {
    let dir = tempfile::tempdir().unwrap();
    let (_store, reader) = SqliteStore::open(dir.path(), Durability::Process).unwrap();
    let to = dir.path().join("copy.db");
    std::fs::write(&to, "precious").unwrap();
    let error = reader.backup(&to).unwrap_err().to_string();
    assert!(error.contains("exists already"), "{error}");
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "precious");
    assert!(reader.backup(&dir.path().join("no/such/folder.db")).is_err());
    let left: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .collect();
    assert!(left.iter().all(|name| !name.ends_with(".part")), "{left:?}");
    assert!(SqliteReader::open(dir.path()).is_ok());
}
