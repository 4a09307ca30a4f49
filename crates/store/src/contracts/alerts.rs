//! Alerts and keys.

use firebell_core::alert::Alert;
use firebell_core::ids::Fingerprint;
use firebell_core::ports::store::{AlertFilter, AlertPlace, AlertSort};
use jiff::{SignedDuration, Timestamp};

use super::Subject;
use super::samples::{alert, at, incident, nanos_after};

fn put(s: &mut Subject, alerts: &[Alert]) {
    s.tx(|tx| alerts.iter().try_for_each(|alert| tx.put_alert(alert)));
}

fn lapsed(s: &mut Subject, now: Timestamp) -> Vec<Fingerprint> {
    s.tx(|tx| tx.lapsed_alerts(now, 100)).into_iter().map(|alert| alert.fingerprint).collect()
}

pub(super) fn keeps_an_alert_to_the_last_digit(s: &mut Subject) {
    let mut row = alert(1, 5);
    row.last_seen = nanos_after(at(5), 321);
    row.incident = Some(incident(4));
    row.silenced_by = vec!["s1".to_owned()];
    row.annotations.insert("description".to_owned(), "\u{0}\u{1f525} % ' \" \\ \n".to_owned());
    put(s, std::slice::from_ref(&row));
    assert_eq!(s.tx(|tx| tx.alert(&row.fingerprint)), Some(row.clone()));
    row.count = 7;
    row.firing = false;
    put(s, std::slice::from_ref(&row));
    assert_eq!(s.tx(|tx| tx.alert(&row.fingerprint)), Some(row));
    assert_eq!(s.tx(|tx| tx.alert(&Fingerprint::from("none"))), None);
}

pub(super) fn lists_firing_alerts_oldest_first(s: &mut Subject) {
    let early = Alert { starts_at: at(1), ..alert(9, 50) };
    let resolved = Alert { firing: false, ..alert(2, 50) };
    put(s, &[alert(3, 50), early.clone(), resolved.clone(), alert(4, 50)]);
    assert_eq!(s.tx(|tx| tx.firing_alerts(10)), [early.clone(), alert(3, 50), alert(4, 50)]);
    assert_eq!(s.tx(|tx| tx.firing_alerts(1)), std::slice::from_ref(&early));
    put(s, &[Alert { firing: false, ..early }, Alert { firing: true, ..resolved.clone() }]);
    let again = Alert { firing: true, ..resolved };
    assert_eq!(s.tx(|tx| tx.firing_alerts(10)), [again, alert(3, 50), alert(4, 50)]);
}

pub(super) fn finds_lapsed_alerts(s: &mut Subject) {
    let ends = |number, end: Timestamp| Alert { ends_at: Some(end), ..alert(number, 1) };
    let resolved = Alert { firing: false, ..ends(3, at(1)) };
    put(s, &[ends(1, at(20)), ends(2, nanos_after(at(10), 1)), resolved, alert(4, 1)]);
    assert_eq!(lapsed(s, at(10)), [], "not a nanosecond early");
    let (first, second) = (alert(1, 1).fingerprint, alert(2, 1).fingerprint);
    assert_eq!(lapsed(s, at(11)), std::slice::from_ref(&second));
    assert_eq!(lapsed(s, at(20)), [second.clone(), first.clone()]);
    // A repeat moves the end.
    put(s, &[ends(2, at(40))]);
    assert_eq!(lapsed(s, at(39)), [first]);
    put(s, &[Alert { ends_at: None, ..ends(1, at(0)) }]);
    assert_eq!(lapsed(s, at(100)), [second]);
}

pub(super) fn lists_alerts_last_seen_first(s: &mut Subject) {
    let member = Alert { incident: Some(incident(1)), ..alert(1, 30) };
    let resolved = Alert { firing: false, incident: Some(incident(1)), ..alert(2, 20) };
    let other = alert(3, 40);
    let twin = alert(4, 40);
    put(s, &[twin.clone(), member.clone(), resolved.clone(), other.clone()]);
    let list = |s: &Subject, firing, number: Option<u64>, limit| {
        s.reader
            .alerts(&AlertFilter { firing, incident: number.map(incident), limit, ..AlertFilter::default() })
            .unwrap()
    };
    assert_eq!(list(s, None, None, 0), [other.clone(), twin.clone(), member.clone(), resolved.clone()]);
    assert_eq!(list(s, None, None, 3), [other.clone(), twin.clone(), member.clone()]);
    assert_eq!(list(s, Some(true), None, 0), [other, twin, member.clone()]);
    assert_eq!(list(s, Some(false), None, 0), std::slice::from_ref(&resolved));
    assert_eq!(list(s, None, Some(1), 0), [member.clone(), resolved]);
    assert_eq!(list(s, Some(true), Some(1), 0), [member]);
    assert_eq!(list(s, None, Some(2), 0), []);
}

pub(super) fn remembers_keys_for_a_month(s: &mut Subject) {
    assert!(!s.tx(|tx| tx.seen_before("a", at(0))));
    assert!(s.tx(|tx| tx.seen_before("a", at(1))));
    assert!(!s.tx(|tx| tx.seen_before("b", at(1))));
    s.tx_err(|tx| {
        assert!(!tx.seen_before("c", at(1))?);
        tx.outbox_update(&super::samples::effect(9, 9, 9))
    });
    assert!(!s.tx(|tx| tx.seen_before("c", at(1))), "rolled back, so never seen");
    let days = |days: i64| at(0).saturating_add(SignedDuration::from_hours(24 * days)).unwrap();
    assert!(s.tx(|tx| tx.seen_before("a", days(29))));
    assert!(!s.tx(|tx| tx.seen_before("a", days(31))));
}

pub(super) fn pages_through_alerts_without_gaps(s: &mut Subject) {
    // Four at a time were last seen at the same moment; every third one is resolved.
    let one = |n: u64| Alert { firing: !n.is_multiple_of(3), ..alert(n, (n / 4) as i64) };
    put(s, &(1..=18).map(one).collect::<Vec<_>>());
    for sort in [AlertSort::LastSeen, AlertSort::Fingerprint] {
        for firing in [None, Some(true), Some(false)] {
            let all = AlertFilter { sort, firing, ..AlertFilter::default() };
            let whole = s.reader.alerts(&all).unwrap();
            assert_eq!(
                whole.len(),
                match firing {
                    None => 18,
                    Some(true) => 12,
                    Some(false) => 6,
                }
            );
            let (mut after, mut seen) = (None, Vec::new());
            loop {
                let page = s.reader.alerts(&AlertFilter { limit: 5, after, ..all.clone() }).unwrap();
                let Some(last) = page.last() else { break };
                after = Some(AlertPlace::of(last));
                seen.extend(page);
            }
            assert_eq!(seen, whole, "{sort:?} {firing:?}");
        }
    }
}
