//! Silences, changes, blobs.

use firebell_core::ports::store::StoreError;
use firebell_core::silence::Silence;
use firebell_core::telemetry::Window;
use jiff::{SignedDuration, Timestamp};

use super::Subject;
use super::samples::{at, change, nanos_after, silence};
use crate::codec;

pub(super) fn keeps_silences_until_they_are_long_over(s: &mut Subject) {
    let hours = |hours: i64| at(0).saturating_add(SignedDuration::from_hours(hours)).unwrap();
    let first = silence("one", hours(1), hours(2));
    let second = silence("two", hours(0), hours(3));
    s.tx(|tx| tx.put_silence(&first));
    s.tx(|tx| tx.put_silence(&second));
    assert_eq!(s.reader.silences().unwrap(), [second.clone(), first.clone()]);
    // Expired by a person: replaced, and still shown.
    let expired = Silence { ends_at: hours(1), updated_at: hours(1), ..first };
    s.tx(|tx| tx.put_silence(&expired));
    assert_eq!(s.tx(|tx| tx.silences()), [second, expired]);
    let later = silence("three", hours(24 * 9), hours(24 * 10));
    s.tx(|tx| tx.put_silence(&later));
    assert_eq!(s.reader.silences().unwrap(), [later]);
}

pub(super) fn writes_a_change_once(s: &mut Subject) {
    assert!(s.tx(|tx| tx.put_change(&change("c1", at(1)))));
    assert!(!s.tx(|tx| tx.put_change(&change("c1", at(2)))));
    // Without an id, the content is the id.
    assert!(s.tx(|tx| tx.put_change(&change("", at(3)))));
    assert!(!s.tx(|tx| tx.put_change(&change("", at(3)))));
    assert!(s.tx(|tx| tx.put_change(&change("", at(4)))));
    let all = s.reader.changes(Window { start: at(0), end: at(9) }, 10).unwrap();
    assert_eq!(all.iter().map(|c| c.at).collect::<Vec<_>>(), [at(1), at(3), at(4)]);
    assert!(all.iter().all(|c| !c.id.is_empty()));
}

pub(super) fn answers_changes_of_a_window_ends_included(s: &mut Subject) {
    let times = [at(40), at(10), nanos_after(at(20), 500), at(30), at(20)];
    for (number, when) in times.into_iter().enumerate() {
        s.tx(|tx| tx.put_change(&change(&format!("c{number}"), when)));
    }
    let within = |s: &Subject, from: Timestamp, to: Timestamp, limit| -> Vec<String> {
        s.reader.changes(Window { start: from, end: to }, limit).unwrap().into_iter().map(|c| c.id).collect()
    };
    assert_eq!(within(s, at(10), at(30), 10), ["c1", "c2", "c4", "c3"]);
    assert_eq!(within(s, at(10), at(30), 2), ["c4", "c3"], "the newest where there are more");
    assert_eq!(within(s, at(31), at(39), 10), [""; 0]);
    assert_eq!(within(s, at(30), at(10), 10), [""; 0], "a window that ends before it starts is empty");
    assert_eq!(within(s, Timestamp::MIN, Timestamp::MAX, 10).len(), 5);
    assert_eq!(s.tx(|tx| tx.changes(Window { start: at(40), end: at(40) }, 10)), [change("c0", at(40))]);
}

pub(super) fn stores_blobs_by_their_hash(s: &mut Subject) {
    let noise: Vec<u8> = (0..70_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    for bytes in [b"".to_vec(), b"{}".to_vec(), vec![b'a'; 100_000], noise] {
        let hash = codec::sha256(&bytes);
        assert_eq!(s.reader.blob_get(&hash).unwrap(), None);
        s.tx(|tx| tx.blob_put(&hash, &bytes));
        s.tx(|tx| tx.blob_put(&hash, &bytes));
        assert_eq!(s.reader.blob_get(&hash).unwrap().as_deref(), Some(&*bytes));
        assert_eq!(s.tx(|tx| tx.blob_get(&hash)).as_deref(), Some(&*bytes));
    }
}

pub(super) fn refuses_a_blob_under_a_wrong_hash(s: &mut Subject) {
    let hash = codec::sha256(b"one thing");
    let error = s.tx_err(|tx| tx.blob_put(&hash, b"another"));
    assert!(matches!(error, StoreError::Database { .. }), "{error}");
    assert_eq!(s.reader.blob_get(&hash).unwrap(), None);
}
