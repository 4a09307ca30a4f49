//! Random histories give the same picture in memory and in SQLite, also across reopening.

use std::collections::BTreeMap;

use firebell_core::alert::Alert;
use firebell_core::incident::Summary;
use firebell_core::ports::store::{OutboxRow, OutboxState, StoreError, StoreResult, Tx};
use firebell_store::contracts::picture;
use firebell_store::contracts::samples::{
    alert, at, change, effect, event, incident, nanos_after, request, silence, summary,
};
use proptest::prelude::*;

use crate::{memory, sqlite_in};

/// One write. Numbers are small, so that rows are met again.
#[derive(Debug, Clone)]
enum Op {
    Push(u64),
    Trim(u64),
    Cursor(u64),
    Append { number: u64, version: u64 },
    Summary { number: u64, open: bool, restricted: bool, opened: i64 },
    Count(bool),
    Put { number: u64, version: u64, due: i64 },
    Update { number: u64, version: u64, state: OutboxState, next: i64 },
    Timers { number: u64, timers: BTreeMap<String, i64> },
    Alert { number: u64, firing: bool, start: i64, end: Option<i64>, seen: i64, member: Option<u64> },
    Seen { key: u8, days: i64 },
    Silence { id: u8, from: i64, length: i64 },
    Change { id: u8, when: i64 },
}

fn op() -> impl Strategy<Value = Op> {
    let n = 1u64..4;
    let state = prop::sample::select(vec![
        OutboxState::Waiting,
        OutboxState::Leased,
        OutboxState::Done,
        OutboxState::Dead,
    ]);
    // Nanoseconds: times that fall between two microseconds.
    let t = 0i64..6_000;
    prop_oneof![
        (0u64..3).prop_map(Op::Push),
        (0u64..9).prop_map(Op::Trim),
        (0u64..9).prop_map(Op::Cursor),
        (n.clone(), 1u64..6).prop_map(|(number, version)| Op::Append { number, version }),
        (n.clone(), any::<bool>(), any::<bool>(), t.clone())
            .prop_map(|(number, open, restricted, opened)| Op::Summary { number, open, restricted, opened }),
        any::<bool>().prop_map(Op::Count),
        (n.clone(), 1u64..5, t.clone()).prop_map(|(number, version, due)| Op::Put { number, version, due }),
        (n.clone(), 1u64..5, state, t.clone()).prop_map(|(number, version, state, next)| Op::Update {
            number,
            version,
            state,
            next
        }),
        (n.clone(), prop::collection::btree_map("[a-c]", t.clone(), 0..4))
            .prop_map(|(number, timers)| Op::Timers { number, timers }),
        (1u64..6, any::<bool>(), t.clone(), prop::option::of(t.clone()), t.clone(), prop::option::of(n))
            .prop_map(|(number, firing, start, end, seen, member)| Op::Alert {
                number,
                firing,
                start,
                end,
                seen,
                member
            }),
        (0u8..4, 0i64..70).prop_map(|(key, days)| Op::Seen { key, days }),
        (0u8..4, 0i64..30, 0i64..3).prop_map(|(id, from, length)| Op::Silence { id, from, length }),
        (0u8..5, t).prop_map(|(id, when)| Op::Change { id, when }),
    ]
}

fn nanos(n: i64) -> jiff::Timestamp {
    nanos_after(at(0), n)
}

fn days(n: i64) -> jiff::Timestamp {
    nanos_after(at(0), n * 86_400_000_000_000)
}

/// Carries an operation out; answers what it said.
fn act(tx: &mut dyn Tx, op: &Op) -> StoreResult<String> {
    let said = match op {
        Op::Push(size) => format!("{:?}", tx.inbox_push("a", nanos(1), &request(0, *size))?),
        Op::Trim(seq) => format!("{:?} {}", tx.inbox_trim(*seq)?, tx.inbox_waiting()?),
        Op::Cursor(seq) => format!("{:?}", tx.set_inbox_cursor(*seq)?),
        Op::Append { number, version } => {
            let next = tx.events(&incident(*number))?.len() as u64 + 1;
            // A gap is a mistake of the caller and ends the transaction; a conflict does not.
            let version = (*version).min(next);
            match tx.append(&[event(*number, version)]) {
                Err(StoreError::Conflict { incident, version }) => format!("conflict {incident} {version}"),
                other => format!("{:?}", other?),
            }
        }
        Op::Summary { number, open, restricted, opened } => {
            let row = summary(*number);
            let row = Summary { open: *open, restricted: *restricted, opened_at: nanos(*opened), ..row };
            format!("{:?}", tx.put_summary(&row)?)
        }
        Op::Count(name) => format!("{:?}", tx.counter_next(if *name { "a" } else { "b" })?),
        Op::Put { number, version, due } => {
            let row =
                OutboxRow { next_at: nanos(*due), created_at: nanos(*due), ..effect(*number, *version, 0) };
            format!("{:?}", tx.outbox_put(&row)?)
        }
        Op::Update { number, version, state, next } => {
            match tx.outbox_get(&effect(*number, *version, 0).key)? {
                None => "no such effect".to_owned(),
                Some(row) => {
                    let row = OutboxRow {
                        state: *state,
                        next_at: nanos(*next),
                        attempts: row.attempts + 1,
                        fence: row.fence + 1,
                        last_error: Some(format!("error {next}")),
                        ..row
                    };
                    format!("{:?}", tx.outbox_update(&row)?)
                }
            }
        }
        Op::Timers { number, timers } => {
            let timers = timers.iter().map(|(key, due)| (key.clone(), nanos(*due))).collect();
            format!("{:?}", tx.timers_replace(&incident(*number), &timers)?)
        }
        Op::Alert { number, firing, start, end, seen, member } => {
            let row = Alert {
                firing: *firing,
                starts_at: nanos(*start),
                ends_at: end.map(nanos),
                last_seen: nanos(*seen),
                incident: member.map(incident),
                ..alert(*number, 0)
            };
            format!("{:?}", tx.put_alert(&row)?)
        }
        Op::Seen { key, days: n } => format!("{:?}", tx.seen_before(&format!("k{key}"), days(*n))?),
        Op::Silence { id, from, length } => {
            let row = silence(&format!("s{id}"), days(*from), days(from + length));
            format!("{:?}", tx.put_silence(&row)?)
        }
        Op::Change { id, when } => {
            let id = if *id == 0 { String::new() } else { format!("c{id}") };
            format!("{:?}", tx.put_change(&change(&id, nanos(*when)))?)
        }
    };
    let now = nanos(3_000);
    Ok(format!(
        "{said} {:?} {:?} {:?} {:?}",
        tx.outbox_due(now, 3)?,
        tx.timers_due(now, 3)?,
        tx.lapsed_alerts(now, 3)?,
        tx.firing_alerts(3)?
    ))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memory_and_sqlite_tell_the_same_story(
        // Transactions: their operations, and whether they commit; then whether the process restarts.
        history in prop::collection::vec((prop::collection::vec(op(), 1..6), prop::bool::weighted(0.8), prop::bool::weighted(0.1)), 1..25)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (mut a, mut b) = (memory(), sqlite_in(dir.path()));
        for (ops, commit, restart) in &history {
            let mut said = Vec::new();
            for subject in [&mut a, &mut b] {
                let mut lines = Vec::new();
                let result = subject.store.transact(&mut |tx| {
                    for op in ops {
                        lines.push(act(tx, op)?);
                    }
                    if *commit {
                        return Ok(());
                    }
                    Err(StoreError::Corrupt { what: "nothing".to_owned(), detail: "a test".to_owned() })
                });
                prop_assert_eq!(result.is_ok(), *commit, "{:?}", result);
                said.push(lines);
            }
            prop_assert_eq!(&said[0], &said[1]);
            if *restart {
                drop(b);
                b = sqlite_in(dir.path());
            }
        }
        prop_assert_eq!(picture(&mut a), picture(&mut b));
    }
}
