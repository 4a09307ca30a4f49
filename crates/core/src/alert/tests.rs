//! What each kind of signal does to its alert.

use super::*;
use crate::signal::fingerprint;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("in range")
}

/// A signal under one key of its sender.
fn signal(state: SignalState, pairs: &[(&str, &str)]) -> Signal {
    let labels: Labels = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Signal {
        source: "pd".to_owned(),
        fingerprint: fingerprint("pd", Some("disk-7"), &labels),
        state,
        labels,
        annotations: Labels::new(),
        starts_at: at(0),
        ends_at: None,
        generator_url: None,
        dedup_key: Some("disk-7".to_owned()),
        group_key: None,
    }
}

const INFO: &[(&str, &str)] = &[("alertname", "DiskFull"), ("severity", "info")];
const CRITICAL: &[(&str, &str)] = &[("alertname", "DiskFull"), ("severity", "critical"), ("service", "db")];

#[test]
fn a_repeat_with_other_labels_replaces_them() {
    let (info, turn) = Alert::fold(None, &signal(SignalState::Firing, INFO), at(0));
    assert_eq!(turn, Turn::Fired);
    let (same, turn) = Alert::fold(Some(info), &signal(SignalState::Firing, INFO), at(1));
    assert_eq!(turn, Turn::Repeat);
    let (worse, turn) = Alert::fold(Some(same), &signal(SignalState::Firing, CRITICAL), at(2));
    assert_eq!((turn, worse.labels["severity"].as_str()), (Turn::Changed, "critical"));
    for state in [SignalState::Acknowledged, SignalState::Resolved] {
        let bare = signal(state, &[("alertname", "disk-7")]);
        let (after, _) = Alert::fold(Some(worse.clone()), &bare, at(3));
        assert_eq!(after.labels, worse.labels, "{state:?} says little and replaces nothing");
    }
}

#[test]
fn an_acknowledgement_never_makes_an_alert_fire() {
    let taken = signal(SignalState::Acknowledged, INFO);
    let (unknown, turn) = Alert::fold(None, &taken, at(0));
    assert_eq!((unknown.firing, unknown.acknowledged, unknown.count, turn), (false, false, 1, Turn::Repeat));
    let (firing, turn) = Alert::fold(Some(unknown), &signal(SignalState::Firing, CRITICAL), at(1));
    assert_eq!((firing.firing, turn), (true, Turn::Fired));
    let (seen, turn) = Alert::fold(Some(firing), &taken, at(2));
    assert_eq!((seen.firing, seen.acknowledged, turn), (true, true, Turn::Acknowledged));
    let (again, turn) = Alert::fold(Some(seen), &taken, at(3));
    assert_eq!((again.firing, turn), (true, Turn::Repeat));
    let (over, turn) = Alert::fold(Some(again), &signal(SignalState::Resolved, INFO), at(4));
    assert_eq!((over.firing, turn), (false, Turn::Resolved));
    let (still, turn) = Alert::fold(Some(over.clone()), &taken, at(5));
    assert_eq!((still.firing, still.count, turn), (false, over.count + 1, Turn::Repeat));
    assert_eq!((still.ends_at, &still.turns), (over.ends_at, &over.turns));
}
