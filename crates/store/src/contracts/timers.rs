//! Timers.

use std::collections::BTreeMap;

use firebell_core::ports::store::TimerRow;
use jiff::Timestamp;

use super::Subject;
use super::samples::{at, incident, nanos_after};

fn set(s: &mut Subject, number: u64, timers: &[(&str, Timestamp)]) {
    let timers: BTreeMap<String, Timestamp> =
        timers.iter().map(|(key, due)| ((*key).to_owned(), *due)).collect();
    s.tx(|tx| tx.timers_replace(&incident(number), &timers));
}

fn timer(number: u64, key: &str, due: i64) -> TimerRow {
    TimerRow { incident: incident(number), key: key.to_owned(), due: at(due) }
}

pub(super) fn replaces_all_timers_of_one_incident(s: &mut Subject) {
    set(s, 1, &[("a", at(1)), ("b", at(2))]);
    set(s, 2, &[("a", at(3))]);
    set(s, 1, &[("b", at(5)), ("c", at(4))]);
    assert_eq!(s.reader.timers(Some(&incident(1))).unwrap(), [timer(1, "c", 4), timer(1, "b", 5)]);
    assert_eq!(s.reader.timers(None).unwrap(), [timer(2, "a", 3), timer(1, "c", 4), timer(1, "b", 5)]);
    set(s, 1, &[]);
    assert_eq!(s.reader.timers(None).unwrap(), [timer(2, "a", 3)]);
}

pub(super) fn hands_out_due_timers_earliest_first(s: &mut Subject) {
    assert_eq!(s.tx(|tx| tx.timers_next()), None);
    set(s, 2, &[("late", at(30)), ("b", at(10)), ("a", at(10))]);
    set(s, 1, &[("z", at(10))]);
    assert_eq!(s.tx(|tx| tx.timers_next()), Some(at(10)));
    assert_eq!(s.tx(|tx| tx.timers_due(at(9), 10)), []);
    let due = [timer(1, "z", 10), timer(2, "a", 10), timer(2, "b", 10)];
    assert_eq!(s.tx(|tx| tx.timers_due(at(29), 10)), due);
    assert_eq!(s.tx(|tx| tx.timers_due(at(29), 2)), due[..2]);
    assert_eq!(s.tx(|tx| tx.timers_due(at(30), 10)).len(), 4);
}

pub(super) fn never_hands_out_a_timer_early(s: &mut Subject) {
    let when = nanos_after(at(10), 1);
    set(s, 1, &[("a", when)]);
    assert_eq!(s.tx(|tx| tx.timers_due(at(10), 10)), []);
    let next = s.tx(|tx| tx.timers_next()).unwrap();
    assert!(when <= next && next <= at(11), "{next}");
    let due = s.tx(|tx| tx.timers_due(next, 10));
    assert_eq!(due.len(), 1, "whoever wakes at the next time finds something");
    // Set again to the same time, it stays what it was.
    set(s, 1, &[("a", when)]);
    assert_eq!(s.reader.timers(None).unwrap(), due);
}
