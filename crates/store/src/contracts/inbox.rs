//! The inbox.

use firebell_core::ports::store::InboxRow;

use super::Subject;
use super::samples::{at, nanos_after, request};

pub(super) fn numbers_requests_and_keeps_their_content(s: &mut Subject) {
    let received_at = nanos_after(at(5), 123);
    let (first, second) = s.tx(|tx| {
        Ok((tx.inbox_push("alertmanager", received_at, &request(0, 3))?, tx.inbox_push("käfer", at(6), &[])?))
    });
    assert!(first > 0 && second > first, "{first}, {second}");
    let expected = vec![
        InboxRow { seq: first, source: "alertmanager".to_owned(), received_at, items: request(0, 3) },
        InboxRow { seq: second, source: "käfer".to_owned(), received_at: at(6), items: Vec::new() },
    ];
    assert_eq!(s.tx(|tx| tx.inbox_after(0, 10)), expected);
    assert_eq!(s.tx(|tx| tx.inbox_after(first, 10)), expected[1..]);
    assert_eq!(s.tx(|tx| tx.inbox_after(0, 1)), expected[..1]);
    assert_eq!(s.tx(|tx| tx.inbox_after(u64::MAX, 1)), []);
}

pub(super) fn does_not_reuse_numbers_of_trimmed_requests(s: &mut Subject) {
    let first = s.tx(|tx| tx.inbox_push("a", at(1), &request(0, 1)));
    s.tx(|tx| tx.inbox_trim(first));
    assert_eq!(s.tx(|tx| tx.inbox_after(0, 10)), []);
    let second = s.tx(|tx| tx.inbox_push("a", at(2), &request(0, 1)));
    assert!(second > first, "{second} after {first}");
}

pub(super) fn cursor_survives_trimming_and_sets_the_depth(s: &mut Subject) {
    assert_eq!(s.tx(|tx| tx.inbox_cursor()), 0);
    assert_eq!(s.reader.inbox_depth().unwrap(), 0);
    let seqs: Vec<u64> = (0..4).map(|_| s.tx(|tx| tx.inbox_push("a", at(1), &[]))).collect();
    assert_eq!(s.reader.inbox_depth().unwrap(), 4);
    s.tx(|tx| tx.set_inbox_cursor(seqs[2]));
    assert_eq!(s.reader.inbox_depth().unwrap(), 1, "processed but untrimmed rows do not count");
    s.tx(|tx| tx.inbox_trim(seqs[2]));
    assert_eq!(s.reader.inbox_depth().unwrap(), 1);
    assert_eq!(s.tx(|tx| tx.inbox_cursor()), seqs[2]);
    assert_eq!(s.tx(|tx| tx.inbox_after(0, 10)).len(), 1);
}

pub(super) fn counts_the_items_that_wait_beyond_the_cursor(s: &mut Subject) {
    assert_eq!(s.tx(|tx| tx.inbox_waiting()), 0);
    let seqs: Vec<u64> =
        [3, 0, 4].into_iter().map(|n| s.tx(|tx| tx.inbox_push("a", at(1), &request(0, n)))).collect();
    assert_eq!(s.tx(|tx| tx.inbox_waiting()), 7);
    let within = s.tx(|tx| {
        tx.inbox_push("a", at(1), &request(0, 2))?;
        tx.set_inbox_cursor(seqs[0])?;
        tx.inbox_waiting()
    });
    assert_eq!(
        within, 6,
        "it sees what its own transaction has done, and rows that are not trimmed yet are taken in"
    );
    s.tx(|tx| tx.inbox_trim(seqs[0]));
    assert_eq!(s.tx(|tx| tx.inbox_waiting()), 6);
    s.tx(|tx| tx.set_inbox_cursor(u64::from(u32::MAX)));
    assert_eq!(s.tx(|tx| tx.inbox_waiting()), 0);
}
