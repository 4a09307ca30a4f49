//! Events and counters.

use firebell_core::ports::store::{StoreError, StoreResult, Tx};

use super::Subject;
use super::samples::{event, incident};

pub(super) fn appends_in_order_with_positions_without_gaps(s: &mut Subject) {
    assert_eq!(s.reader.position().unwrap(), 0);
    assert_eq!(s.reader.events(&incident(1)).unwrap(), []);
    s.tx(|tx| tx.append(&[event(1, 1), event(2, 1), event(1, 2)]));
    s.tx(|tx| tx.append(&[event(2, 2)]));
    // A rolled-back append uses no position up.
    s.tx_err(|tx| {
        tx.append(&[event(3, 1)])?;
        fail()
    });
    s.tx(|tx| tx.append(&[event(1, 3)]));
    let expected =
        vec![(1, event(1, 1)), (2, event(2, 1)), (3, event(1, 2)), (4, event(2, 2)), (5, event(1, 3))];
    assert_eq!(s.reader.events_after(0, 100).unwrap(), expected);
    assert_eq!(s.reader.position().unwrap(), 5);
    let own = vec![event(1, 1), event(1, 2), event(1, 3)];
    assert_eq!(s.reader.events(&incident(1)).unwrap(), own);
    assert_eq!(s.tx(|tx| tx.events(&incident(1))), own);
}

pub(super) fn answers_a_conflict_for_a_version_that_exists(s: &mut Subject) {
    s.tx(|tx| tx.append(&[event(1, 1), event(1, 2)]));
    for version in [1, 2] {
        let error = s.tx_err(|tx| tx.append(&[event(1, version)]));
        let expected = incident(1);
        assert!(
            matches!(&error, StoreError::Conflict { incident, version: v } if *incident == expected && *v == version),
            "{error}"
        );
    }
    let twice = s.tx_err(|tx| tx.append(&[event(1, 3), event(1, 3)]));
    assert!(matches!(twice, StoreError::Conflict { version: 3, .. }), "{twice}");
    assert_eq!(s.reader.events(&incident(1)).unwrap().len(), 2);
}

pub(super) fn refuses_a_gap_in_versions(s: &mut Subject) {
    for records in [vec![event(1, 2)], vec![event(1, 1), event(1, 3)], vec![event(1, 0)]] {
        s.tx_err(|tx| tx.append(&records));
    }
    assert_eq!(s.reader.position().unwrap(), 0);
}

pub(super) fn a_conflict_writes_none_of_its_batch(s: &mut Subject) {
    s.tx(|tx| tx.append(&[event(1, 1)]));
    // Whoever handles the conflict inside the transaction commits the rest of it, but nothing of that batch.
    s.tx(|tx| {
        let refused = tx.append(&[event(2, 1), event(1, 1)]);
        assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
        tx.append(&[event(1, 2)])
    });
    assert_eq!(s.reader.events_after(0, 10).unwrap(), [(1, event(1, 1)), (2, event(1, 2))]);
}

pub(super) fn pages_through_events_by_position(s: &mut Subject) {
    s.tx(|tx| tx.append(&(1..=10).map(|version| event(1, version)).collect::<Vec<_>>()));
    let mut position = 0;
    let mut seen = Vec::new();
    loop {
        let page = s.reader.events_after(position, 3).unwrap();
        let Some((last, _)) = page.last() else { break };
        position = *last;
        seen.extend(page.into_iter().map(|(_, record)| record.version));
    }
    assert_eq!(seen, (1..=10).collect::<Vec<u64>>());
    assert_eq!(s.reader.events_after(u64::MAX, 3).unwrap(), []);
}

pub(super) fn counters_count_from_one_without_gaps(s: &mut Subject) {
    assert_eq!(
        s.tx(|tx| Ok((tx.counter_next("a")?, tx.counter_next("a")?, tx.counter_next("b")?))),
        (1, 2, 1)
    );
    s.tx_err(|tx| {
        tx.counter_next("a")?;
        fail()
    });
    assert_eq!(s.tx(|tx: &mut dyn Tx| tx.counter_next("a")), 3);
    // The store's own sequences are out of reach of names that others choose.
    s.tx(|tx| tx.counter_next("inbox_cursor"));
    assert_eq!(s.tx(|tx| tx.inbox_cursor()), 0);
}

fn fail() -> StoreResult<()> {
    Err(StoreError::Corrupt { what: "nothing".to_owned(), detail: "a test".to_owned() })
}
