//! Figures of the SQLite store on this machine: `cargo run --release -p firebell-store --example bench_store [DIR]`.
//! Every commit is flushed to the disk, as in production.

use std::path::Path;
use std::time::{Duration, Instant};

use firebell_core::ports::store::{IncidentFilter, Reader, Store, StoreResult};
use firebell_store::contracts::samples::{alert, at, effect, event, request, signal, summary};
use firebell_store::{Durability, SqliteStore};

fn main() -> StoreResult<()> {
    let base = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let dir = base.join(format!("firebell-bench-{}", std::process::id()));
    let result = run(&dir);
    if let Err(error) = std::fs::remove_dir_all(&dir) {
        println!("{} could not be removed: {error}", dir.display());
    }
    result
}

fn run(dir: &Path) -> StoreResult<()> {
    let (mut store, reader) = SqliteStore::open(dir, Durability::Power)?;
    rows_of_hundred(&mut store)?;
    single_rows(&mut store)?;
    commits(&mut store)?;
    alerts(&mut store)?;
    incidents(&mut store)?;
    drop((store, reader));
    let began = Instant::now();
    let (store, reader) = SqliteStore::open(dir, Durability::Power)?;
    report("open with 10,000 incidents", 1, began.elapsed());
    let began = Instant::now();
    let found = reader.incidents(&IncidentFilter::default())?.len();
    report("first page of incidents", found, began.elapsed());
    let began = Instant::now();
    let filter = IncidentFilter { text: Some("no such words".to_owned()), ..IncidentFilter::default() };
    reader.incidents(&filter)?;
    report("search all titles in vain", 10_000, began.elapsed());
    drop(store);
    Ok(())
}

/// Requests of 100 signals, four in a transaction, with the trimming that follows.
fn rows_of_hundred(store: &mut SqliteStore) -> StoreResult<()> {
    let rows = 2_000;
    let items = request(0, 100);
    let mut slow = Latencies::default();
    let began = Instant::now();
    for _ in 0..rows / 4 {
        slow.time(|| {
            store.transact(&mut |tx| {
                let mut last = 0;
                for _ in 0..4 {
                    last = tx.inbox_push("bench", at(1), &items)?;
                }
                tx.inbox_trim(last.saturating_sub(64))
            })
        })?;
    }
    report("inbox rows of 100 signals, 4 a transaction", rows, began.elapsed());
    slow.report();
    Ok(())
}

fn single_rows(store: &mut SqliteStore) -> StoreResult<()> {
    let rows = 16_000;
    let items = request(0, 1);
    let mut slow = Latencies::default();
    let began = Instant::now();
    for _ in 0..rows / 16 {
        slow.time(|| {
            store.transact(&mut |tx| {
                let mut last = 0;
                for _ in 0..16 {
                    last = tx.inbox_push("bench", at(1), &items)?;
                }
                tx.inbox_trim(last.saturating_sub(64))
            })
        })?;
    }
    report("inbox rows of 1 signal, 16 a transaction", rows, began.elapsed());
    slow.report();
    Ok(())
}

/// What an incident's command costs: events, summary, effect, counter in one transaction.
fn commits(store: &mut SqliteStore) -> StoreResult<()> {
    let rounds = 2_000;
    let mut slow = Latencies::default();
    let began = Instant::now();
    for version in 1..=rounds {
        slow.time(|| {
            store.transact(&mut |tx| {
                tx.append(&[event(99_999, version)])?;
                tx.put_summary(&summary(99_999))?;
                tx.outbox_put(&effect(99_999, version, 1))
            })
        })?;
    }
    report("command transactions", rounds as usize, began.elapsed());
    slow.report();
    Ok(())
}

/// Looking an alert up and writing it, 1,000 a transaction: first all new, then all known.
fn alerts(store: &mut SqliteStore) -> StoreResult<()> {
    for (what, seen) in [("new alerts: look up and write", 1), ("known alerts: look up and write", 2)] {
        let mut inside = Duration::ZERO;
        let began = Instant::now();
        for batch in 0..50u64 {
            store.transact(&mut |tx| {
                let began = Instant::now();
                for number in 0..1_000 {
                    let number = (batch * 1_000 + number).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 8;
                    let fingerprint = signal(number).fingerprint;
                    let mut row = tx.alert(&fingerprint)?.unwrap_or_else(|| alert(number, seen));
                    row.last_seen = at(seen);
                    tx.put_alert(&row)?;
                }
                inside += began.elapsed();
                Ok(())
            })?;
        }
        report(what, 50_000, began.elapsed());
        println!("    {:.1} us each inside the transaction", inside.as_secs_f64() * 1e6 / 50_000.0);
    }
    Ok(())
}

fn incidents(store: &mut SqliteStore) -> StoreResult<()> {
    for batch in 0..100 {
        store.transact(&mut |tx| {
            for number in (batch * 100 + 1)..=(batch * 100 + 100) {
                tx.append(&(1..=20).map(|version| event(number, version)).collect::<Vec<_>>())?;
                tx.put_summary(&summary(number))?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn report(what: &str, count: usize, took: Duration) {
    let seconds = took.as_secs_f64();
    println!("{what}: {count} in {:.1} ms, {:.0} a second", seconds * 1e3, count as f64 / seconds);
}

#[derive(Default)]
struct Latencies(Vec<Duration>);

impl Latencies {
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let made = work();
        self.0.push(began.elapsed());
        made
    }

    fn report(mut self) {
        self.0.sort();
        let at = |share: f64| {
            let index = ((self.0.len() as f64 * share) as usize).min(self.0.len().saturating_sub(1));
            self.0.get(index).copied().unwrap_or_default().as_secs_f64() * 1e3
        };
        println!("    commit p50 {:.2} ms, p99 {:.2} ms, slowest {:.2} ms", at(0.5), at(0.99), at(1.0));
    }
}
