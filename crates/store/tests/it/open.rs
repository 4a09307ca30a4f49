//! Opening, closing, opening again.

use firebell_core::ports::store::Reader;
use firebell_store::contracts::picture;
use firebell_store::contracts::samples::{at, event, request, summary};
use firebell_store::{Durability, SqliteReader, SqliteStore};

use crate::sqlite_in;

#[test]
fn finds_everything_again_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let mut s = sqlite_in(dir.path());
    s.tx(|tx| {
        tx.append(&[event(1, 1)])?;
        tx.put_summary(&summary(1))?;
        tx.inbox_push("a", at(1), &request(0, 3)).map(drop)
    });
    let before = picture(&mut s);
    drop(s);
    let mut s = sqlite_in(dir.path());
    assert_eq!(picture(&mut s), before);
    // Numbers go on where they stopped.
    assert_eq!(s.tx(|tx| tx.inbox_push("a", at(2), &[])), 2);
}

#[test]
fn refuses_a_folder_that_another_server_uses() {
    let dir = tempfile::tempdir().unwrap();
    let held = sqlite_in(dir.path());
    let error = SqliteStore::open(dir.path(), Durability::Power).err().unwrap().to_string();
    let me = format!("process {}", std::process::id());
    assert!(error.contains(&me) && error.contains("--data"), "{error}");
    // Reading beside it is fine.
    assert_eq!(SqliteReader::open(dir.path()).unwrap().position().unwrap(), 0);
    drop(held);
    SqliteStore::open(dir.path(), Durability::Power).unwrap();
}

#[test]
fn refuses_what_is_not_a_database_and_names_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("firebell.db"), "this is a diary, not a database".repeat(100)).unwrap();
    let error = SqliteStore::open(dir.path(), Durability::Power).err().unwrap().to_string();
    assert!(error.contains("firebell.db"), "{error}");
    let empty = tempfile::tempdir().unwrap();
    assert!(SqliteReader::open(empty.path()).is_err(), "reading makes no database");
}

#[test]
fn readers_on_many_threads_see_committed_state_only() {
    let dir = tempfile::tempdir().unwrap();
    let (store, reader) = SqliteStore::open(dir.path(), Durability::Process).unwrap();
    let mut store = store;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..6)
            .map(|_| {
                let reader = reader.clone();
                scope.spawn(move || {
                    let mut last = 0;
                    while last < 200 {
                        // Each transaction appends two events: an odd position would be half of one.
                        let position = reader.position().unwrap();
                        assert!(position % 2 == 0 && position >= last, "{position} after {last}");
                        last = position;
                        std::thread::yield_now();
                    }
                })
            })
            .collect();
        for version in (1..=200).step_by(2) {
            firebell_core::ports::store::Store::transact(&mut store, &mut |tx| {
                tx.append(&[event(1, version)])?;
                tx.append(&[event(1, version + 1)])
            })
            .unwrap();
        }
        for worker in workers {
            worker.join().unwrap();
        }
    });
}
