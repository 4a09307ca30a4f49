//! A full disk, played by a limit on the database's size.

use firebell_store::contracts::samples::{at, event, request};
use firebell_store::contracts::{Subject, picture};
use firebell_store::{Durability, Options, SqliteStore};

#[test]
fn a_full_disk_fails_commits_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { durability: Durability::Process, max_bytes: Some(600 << 10) };
    let (store, reader) = SqliteStore::open_with(dir.path(), options).unwrap();
    let mut s = Subject {
        store: Box::new(store),
        reader: Box::new(reader.clone()),
        office: Box::new(reader),
        keep: Box::new(dir),
    };
    s.tx(|tx| tx.append(&[event(1, 1)]));
    let mut accepted = Vec::new();
    let error = loop {
        let mut seq = 0;
        let result = s.store.transact(&mut |tx| {
            seq = tx.inbox_push("a", at(1), &request(0, 50))?;
            Ok(())
        });
        match result {
            Ok(()) => accepted.push(seq),
            Err(error) => break error.to_string(),
        }
        assert!(accepted.len() < 1000, "the limit does not hold");
    };
    assert!(error.contains("full"), "{error}");
    assert!(!accepted.is_empty());

    // All that was accepted is there, reading goes on, and so does failing.
    let before = picture(&mut s);
    assert_eq!(s.reader.inbox_depth().unwrap(), accepted.len() as u64);
    s.tx_err(|tx| tx.inbox_push("a", at(1), &request(0, 50)).map(drop));
    // Whoever overlooks the failure does not commit the rest.
    s.tx_err(|tx| {
        let _ = tx.inbox_push("a", at(1), &request(0, 500));
        tx.append(&[event(1, 2)])
    });
    assert_eq!(picture(&mut s), before);

    // Room again: it works again, and the numbers go on.
    let last = accepted.last().copied().unwrap();
    s.tx(|tx| tx.inbox_trim(last));
    assert_eq!(s.tx(|tx| tx.inbox_push("a", at(1), &request(0, 50))), last + 1);
    s.tx(|tx| tx.append(&[event(1, 2)]));
}
