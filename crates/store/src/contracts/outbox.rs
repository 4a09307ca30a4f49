//! The outbox.

use firebell_core::effect::Effect;
use firebell_core::ids::EffectKey;
use firebell_core::ports::store::{OutboxRow, OutboxState};
use jiff::Timestamp;

use super::Subject;
use super::samples::{at, effect, incident, nanos_after};

fn put(s: &mut Subject, rows: &[OutboxRow]) {
    s.tx(|tx| rows.iter().try_for_each(|row| tx.outbox_put(row)));
}

fn due(s: &mut Subject, now: Timestamp) -> Vec<EffectKey> {
    s.tx(|tx| tx.outbox_due(now, 100)).into_iter().map(|row| row.key).collect()
}

pub(super) fn leaves_an_effect_that_exists_as_it_is(s: &mut Subject) {
    let row = effect(1, 1, 10);
    put(s, std::slice::from_ref(&row));
    let taken =
        OutboxRow { state: OutboxState::Leased, attempts: 1, fence: 1, next_at: at(99), ..row.clone() };
    s.tx(|tx| tx.outbox_update(&taken));
    put(s, std::slice::from_ref(&row));
    assert_eq!(s.tx(|tx| tx.outbox_get(&row.key)), Some(taken.clone()));
    assert_eq!(s.reader.outbox(None, None, 10).unwrap(), [taken]);
    assert_eq!(s.tx(|tx| tx.outbox_get(&EffectKey::from("none"))), None);
}

pub(super) fn hands_out_due_and_lapsed_effects_oldest_first(s: &mut Subject) {
    assert_eq!(s.tx(|tx| tx.outbox_next()), None);
    let (late, soon, twin) = (effect(1, 2, 30), effect(1, 10, 10), effect(1, 9, 10));
    put(s, &[late.clone(), soon.clone(), twin.clone()]);
    assert_eq!(s.tx(|tx| tx.outbox_next()), Some(at(10)));
    assert_eq!(due(s, at(9)), []);
    assert_eq!(due(s, at(10)), [soon.key.clone(), twin.key.clone()], "equal times go in the order they came");
    assert_eq!(s.tx(|tx| tx.outbox_due(at(100), 1)).len(), 1);
    let leased =
        OutboxRow { state: OutboxState::Leased, fence: 1, attempts: 1, next_at: at(50), ..soon.clone() };
    s.tx(|tx| tx.outbox_update(&leased));
    assert_eq!(due(s, at(49)), [twin.key.clone(), late.key.clone()]);
    assert_eq!(due(s, at(50)), [twin.key, late.key, soon.key], "a lapsed lease is due again");
}

pub(super) fn hands_out_calls_to_people_by_themselves(s: &mut Subject) {
    let draft = OutboxRow { effect: Effect::ArchiveBundle, ..effect(1, 1, 1) };
    let (soon, late) = (effect(1, 2, 10), effect(1, 3, 30));
    put(s, &[draft.clone(), late.clone(), soon.clone()]);
    let calls = |s: &mut Subject, now, limit| -> Vec<EffectKey> {
        s.tx(|tx| tx.outbox_due_calls(now, limit)).into_iter().map(|row| row.key).collect()
    };
    assert_eq!(calls(s, at(9), 10), []);
    assert_eq!(calls(s, at(100), 10), [soon.key.clone(), late.key.clone()]);
    assert_eq!(calls(s, at(100), 1), std::slice::from_ref(&soon.key));
    s.tx(|tx| tx.outbox_update(&OutboxRow { state: OutboxState::Done, ..soon.clone() }));
    assert_eq!(calls(s, at(100), 10), std::slice::from_ref(&late.key));
    assert_eq!(due(s, at(100)), [draft.key, late.key], "and they are among all others");
}

pub(super) fn never_hands_out_an_effect_early(s: &mut Subject) {
    let when = nanos_after(at(10), 1);
    put(s, &[OutboxRow { next_at: when, ..effect(1, 1, 0) }]);
    assert_eq!(due(s, at(10)), []);
    let next = s.tx(|tx| tx.outbox_next()).unwrap();
    assert!(when <= next && next <= at(11), "{next}");
    assert_eq!(due(s, next).len(), 1, "whoever wakes at the next time finds something");
}

pub(super) fn done_and_dead_effects_are_never_due(s: &mut Subject) {
    let (done, dead) = (effect(1, 1, 10), effect(1, 2, 10));
    put(s, &[done.clone(), dead.clone()]);
    let dead = OutboxRow {
        state: OutboxState::Dead,
        attempts: 12,
        last_error: Some("the mail server refused the address".to_owned()),
        ..dead
    };
    s.tx(|tx| tx.outbox_update(&OutboxRow { state: OutboxState::Done, ..done.clone() }));
    s.tx(|tx| tx.outbox_update(&dead));
    assert_eq!(due(s, at(1_000)), []);
    assert_eq!(s.tx(|tx| tx.outbox_next()), None);
    assert_eq!(s.reader.outbox(None, Some(OutboxState::Dead), 10).unwrap(), std::slice::from_ref(&dead));
    s.tx(|tx| tx.outbox_update(&OutboxRow { state: OutboxState::Waiting, next_at: at(20), ..dead.clone() }));
    assert_eq!(due(s, at(20)), [dead.key], "a revived effect is due again");
}

pub(super) fn refuses_to_update_an_unknown_effect(s: &mut Subject) {
    let error = s.tx_err(|tx| tx.outbox_update(&effect(1, 1, 1)));
    assert!(error.to_string().contains("INC-2026-0001:1:0"), "{error}");
}

pub(super) fn lists_effects_by_incident_and_state(s: &mut Subject) {
    put(s, &[effect(1, 2, 1), effect(2, 1, 1), effect(1, 10, 1)]);
    s.tx(|tx| tx.outbox_update(&OutboxRow { state: OutboxState::Done, ..effect(1, 2, 1) }));
    let list = |s: &Subject, number: Option<u64>, state, limit| -> Vec<String> {
        let id = number.map(incident);
        s.reader.outbox(id.as_ref(), state, limit).unwrap().into_iter().map(|row| row.key.0).collect()
    };
    let (first, second, third) = ("INC-2026-0001:2:0", "INC-2026-0002:1:0", "INC-2026-0001:10:0");
    assert_eq!(list(s, None, None, 10), [first, second, third]);
    assert_eq!(list(s, None, None, 2), [first, second]);
    assert_eq!(list(s, Some(1), None, 10), [first, third]);
    assert_eq!(list(s, None, Some(OutboxState::Waiting), 10), [second, third]);
    assert_eq!(list(s, Some(1), Some(OutboxState::Waiting), 10), [third]);
    assert_eq!(list(s, Some(3), None, 10), [""; 0]);
}
