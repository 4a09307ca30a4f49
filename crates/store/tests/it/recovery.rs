//! Crashes: the files as a killed process or a power cut leaves them.

use std::path::Path;

use firebell_core::ports::store::{Reader, Store};
use firebell_store::contracts::samples::{at, event, incident, request, summary};
use firebell_store::{DATABASE_FILE, Durability, SqliteStore};

/// Copies the database and its log, the log cut to `keep` bytes, as if the process had died now.
fn crash(dir: &Path, keep: Option<u64>) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let wal = format!("{DATABASE_FILE}-wal");
    std::fs::copy(dir.join(DATABASE_FILE), copy.path().join(DATABASE_FILE)).unwrap();
    std::fs::copy(dir.join(&wal), copy.path().join(&wal)).unwrap();
    if let Some(keep) = keep {
        let file = std::fs::File::options().write(true).open(copy.path().join(&wal)).unwrap();
        file.set_len(keep).unwrap();
    }
    copy
}

/// What a server finds that starts on these files: events of the incident, inbox rows.
fn found(dir: &Path) -> (usize, usize) {
    let (mut store, reader) = SqliteStore::open(dir, Durability::Process).unwrap();
    let events = reader.events(&incident(1)).unwrap();
    assert_eq!(events, (1..=events.len() as u64).map(|v| event(1, v)).collect::<Vec<_>>());
    assert_eq!(reader.position().unwrap(), events.len() as u64);
    let mut inbox = 0;
    store
        .transact(&mut |tx| {
            inbox = tx.inbox_after(0, 1000)?.len();
            // It is not only readable: the next event follows on what is there.
            tx.append(&[event(1, events.len() as u64 + 1)])
        })
        .unwrap();
    (events.len(), inbox)
}

#[test]
fn a_killed_process_loses_nothing_committed_and_keeps_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _reader) = SqliteStore::open(dir.path(), Durability::Power).unwrap();
    for version in 1..=20 {
        let mut during = None;
        store
            .transact(&mut |tx| {
                tx.append(&[event(1, version)])?;
                // Enough to spill uncommitted pages into the log.
                tx.inbox_push("a", at(1), &request(0, 100))?;
                tx.put_summary(&summary(1))?;
                during = Some(crash(dir.path(), None));
                Ok(())
            })
            .unwrap();
        let before = version as usize - 1;
        assert_eq!(found(during.unwrap().path()), (before, before), "in the middle of transaction {version}");
        assert_eq!(found(crash(dir.path(), None).path()), (before + 1, before + 1), "after it");
    }
}

#[test]
fn a_torn_log_gives_whole_transactions_up_to_the_tear() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _reader) = SqliteStore::open(dir.path(), Durability::Power).unwrap();
    for version in 1..=10 {
        store
            .transact(&mut |tx| {
                tx.append(&[event(1, version)])?;
                tx.inbox_push("a", at(1), &request(0, 5)).map(drop)
            })
            .unwrap();
    }
    let length = std::fs::metadata(dir.path().join(format!("{DATABASE_FILE}-wal"))).unwrap().len();
    let mut last = 0;
    // The schema itself is in the log too: a tear below it gives an empty database, which opens as a new one.
    for part in 0..=40 {
        let (events, inbox) = found(crash(dir.path(), Some(length * part / 40)).path());
        assert_eq!(events, inbox, "a transaction was torn in two at part {part}");
        assert!(events >= last, "{events} after {last}");
        last = events;
    }
    assert_eq!(last, 10);
}

#[test]
fn a_store_dropped_in_a_transaction_opens_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, reader) = SqliteStore::open(dir.path(), Durability::Power).unwrap();
    store.transact(&mut |tx| tx.append(&[event(1, 1)])).unwrap();
    let thread = std::thread::spawn(move || {
        let _ = store.transact(&mut |tx| {
            tx.append(&[event(1, 2)])?;
            panic!("the writer dies, on purpose");
        });
    });
    assert!(thread.join().is_err());
    drop(reader);
    assert_eq!(found(dir.path()), (1, 0));
}
