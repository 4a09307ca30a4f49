//! All or nothing.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use firebell_core::audit::{Act, AuditEntry};
use firebell_core::ports::store::{
    AlertFilter, IncidentFilter, OutboxRow, OutboxState, StoreError, StoreResult, Tx,
};
use firebell_core::telemetry::Window;
use jiff::Timestamp;

use super::Subject;
use super::office::{delivery, document};
use super::samples::{alert, at, change, effect, event, incident, request, silence, summary};
use crate::codec;

/// Writes to every table, over what [`seed`] wrote and beside it.
fn write_everything(tx: &mut dyn Tx) -> StoreResult<()> {
    tx.inbox_push("b", at(2), &request(3, 5))?;
    tx.set_inbox_cursor(1)?;
    tx.inbox_trim(1)?;
    tx.append(&[event(1, 2), event(2, 1)])?;
    let mut row = summary(1);
    row.open = false;
    row.opened_at = at(77);
    tx.put_summary(&row)?;
    tx.put_summary(&summary(2))?;
    tx.counter_next("a")?;
    tx.outbox_update(&OutboxRow { state: OutboxState::Done, ..effect(1, 1, 9) })?;
    tx.outbox_put(&effect(2, 1, 3))?;
    tx.timers_replace(&incident(1), &BTreeMap::from([("b".to_owned(), at(8))]))?;
    let mut row = alert(1, 9);
    row.firing = false;
    tx.put_alert(&row)?;
    tx.put_alert(&alert(2, 9))?;
    tx.seen_before("second", at(9))?;
    tx.put_silence(&silence("one", at(1), at(50)))?;
    tx.put_silence(&silence("two", at(1), at(50)))?;
    tx.put_change(&change("c2", at(2)))?;
    let office = tx.office();
    office.put_document(&document("account", "a", 2))?;
    office.put_document(&document("account", "b", 1))?;
    let last = office.audit_last()?;
    office.audit_append(&AuditEntry::after(last.as_ref(), Act::new("Ada", "a", "b"), at(9)))?;
    office.put_delivery(&delivery("two", "h", at(9)))?;
    tx.blob_put(&codec::sha256(b"second"), b"second")
}

fn seed(s: &mut Subject) {
    s.tx(|tx| {
        tx.inbox_push("a", at(1), &request(0, 2))?;
        tx.append(&[event(1, 1)])?;
        tx.put_summary(&summary(1))?;
        tx.counter_next("a")?;
        tx.outbox_put(&effect(1, 1, 1))?;
        tx.timers_replace(&incident(1), &BTreeMap::from([("a".to_owned(), at(7))]))?;
        tx.put_alert(&alert(1, 1))?;
        tx.put_silence(&silence("one", at(0), at(5)))?;
        tx.put_change(&change("c1", at(1)))?;
        tx.office().put_document(&document("account", "a", 1))?;
        tx.office().put_delivery(&delivery("one", "h", at(1)))?;
        tx.blob_put(&codec::sha256(b"first"), b"first").map(drop)
    });
}

/// All that can be seen from outside, as one text.
pub fn picture(s: &mut Subject) -> String {
    let mut text = String::new();
    let mut add = |name: &str, rows: String| text.push_str(&format!("{name}: {rows}\n"));
    let everything = Window { start: Timestamp::MIN, end: Timestamp::MAX };
    let reader = &s.reader;
    add("events", format!("{:?}", reader.events_after(0, 10_000).unwrap()));
    add("position", format!("{:?}", reader.position().unwrap()));
    for open in [None, Some(true), Some(false)] {
        let filter =
            IncidentFilter { open, limit: 10_000, include_restricted: true, ..IncidentFilter::default() };
        add("incidents", format!("{open:?} {:?}", reader.incidents(&filter).unwrap()));
    }
    for firing in [None, Some(true), Some(false)] {
        let filter = AlertFilter { firing, limit: 10_000, ..AlertFilter::default() };
        add("alerts", format!("{firing:?} {:?}", reader.alerts(&filter).unwrap()));
    }
    add("silences", format!("{:?}", reader.silences().unwrap()));
    add("changes", format!("{:?}", reader.changes(everything, 10_000).unwrap()));
    add("outbox", format!("{:?}", reader.outbox(None, None, 10_000).unwrap()));
    add("timers", format!("{:?}", reader.timers(None).unwrap()));
    let office = &s.office;
    add("documents", format!("{:?}", office.documents("account", "", 10_000).unwrap()));
    add("audit", format!("{:?}", office.audit_after(0, 10_000).unwrap()));
    add("deliveries", format!("{:?}", office.deliveries_due(Timestamp::MAX, 10_000).unwrap()));
    add("depth", format!("{:?}", reader.inbox_depth().unwrap()));
    for bytes in [&b"first"[..], b"second"] {
        add("blob", format!("{:?}", reader.blob_get(&codec::sha256(bytes)).unwrap()));
    }
    let inside = s.tx(|tx| {
        Ok(format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            tx.inbox_after(0, 10_000)?,
            tx.inbox_cursor()?,
            tx.open_incidents()?,
            tx.outbox_due(at(1_000_000), 10_000)?,
            tx.outbox_next()?,
            tx.timers_due(at(1_000_000), 10_000)?,
            tx.timers_next()?,
            tx.firing_alerts(10_000)?,
            tx.lapsed_alerts(at(1_000_000), 10_000)?,
        ))
    });
    text.push_str(&inside);
    text
}

fn stop() -> StoreResult<()> {
    Err(StoreError::Corrupt { what: "nothing".to_owned(), detail: "a test".to_owned() })
}

pub(super) fn a_failed_transaction_leaves_no_trace(s: &mut Subject) {
    seed(s);
    let before = picture(s);
    s.tx_err(|tx| {
        write_everything(tx)?;
        stop()
    });
    assert_eq!(picture(s), before);
    // The same work commits afterwards, and every table shows it.
    s.tx(write_everything);
    let after = picture(s);
    let same: Vec<&str> = before.lines().zip(after.lines()).filter(|(a, b)| a == b).map(|(a, _)| a).collect();
    // One request came and one was trimmed; the first blob was not touched.
    assert!(
        same.iter().all(|line| line.starts_with("depth") || line.starts_with("blob")),
        "unchanged: {same:?}"
    );
    assert!(!s.tx(|tx| tx.seen_before("third", at(9))));
    assert!(s.tx(|tx| tx.seen_before("second", at(9))));
    assert_eq!(s.tx(|tx| tx.counter_next("a")), 3, "the rolled-back count was given again");
}

pub(super) fn an_overlooked_failure_fails_the_transaction(s: &mut Subject) {
    seed(s);
    let before = picture(s);
    let error = s.tx_err(|tx| {
        tx.append(&[event(1, 2)])?;
        let refused = tx.outbox_update(&effect(9, 9, 9));
        assert!(refused.is_err());
        let later = tx.append(&[event(1, 3)]);
        assert!(later.is_err(), "nothing runs after a failure");
        Ok(())
    });
    assert!(matches!(error, StoreError::Database { doing: "commit", .. }), "{error}");
    assert_eq!(picture(s), before);
    s.tx(write_everything);
}

pub(super) fn a_panic_leaves_no_trace(s: &mut Subject) {
    seed(s);
    let before = picture(s);
    let result = catch_unwind(AssertUnwindSafe(|| {
        s.store.transact(&mut |tx| {
            write_everything(tx)?;
            panic!("a panic inside a transaction, on purpose");
        })
    }));
    assert!(result.is_err());
    assert_eq!(picture(s), before);
    s.tx(write_everything);
}

pub(super) fn a_transaction_sees_its_own_writes(s: &mut Subject) {
    seed(s);
    s.tx(|tx| {
        write_everything(tx)?;
        assert_eq!(tx.events(&incident(1))?.len(), 2);
        assert_eq!(tx.inbox_after(0, 10)?.len(), 1);
        assert_eq!(tx.inbox_cursor()?, 1);
        assert_eq!(tx.open_incidents()?, [incident(2)]);
        assert_eq!(tx.outbox_due(at(100), 10)?, [effect(2, 1, 3)]);
        assert_eq!(tx.timers_next()?, Some(at(8)));
        assert_eq!(tx.firing_alerts(10)?, [alert(2, 9)]);
        assert!(tx.seen_before("second", at(9))?);
        assert_eq!(tx.silences()?.len(), 2);
        assert_eq!(tx.changes(Window { start: at(2), end: at(2) }, 10)?, [change("c2", at(2))]);
        assert!(tx.blob_get(&codec::sha256(b"second"))?.is_some());
        Ok(())
    });
}
