//! Fills a data folder with incidents, the way the engine writes them, to time a start with it:
//! `bench_fill DIR INCIDENTS OPEN [NOTES]`. OPEN of them stay open, the others are called off; the last one gets NOTES more
//! entries in its timeline; effects are thrown away, so that nothing runs when a server starts on the folder.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Actor, Command, Opening};
use firebell_core::policy::Policy;
use firebell_core::ports::store::{OutboxState, Store, StoreResult, Tx};
use firebell_engine::machine::Machine;
use firebell_store::{Durability, SqliteStore};
use jiff::{SignedDuration, Timestamp};

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (dir, incidents, open, notes) = match args.as_slice() {
        [dir, incidents, open] => (dir, incidents, open, 0),
        [dir, incidents, open, notes] => (dir, incidents, open, notes.parse()?),
        _ => anyhow::bail!("usage: bench_fill DIR INCIDENTS OPEN [NOTES]"),
    };
    let (incidents, open): (u32, u32) = (incidents.parse()?, open.parse()?);
    ensure!(open <= incidents, "OPEN is at most INCIDENTS");
    let (mut store, _reader) =
        SqliteStore::open(Path::new(dir), Durability::Process).context("open the folder")?;
    let mut machine = Machine::new(Arc::new(Policy::default()));
    let end = Timestamp::now();
    for from in (0..incidents).step_by(100) {
        store.transact(&mut |tx| {
            (from..incidents.min(from + 100)).try_for_each(|n| {
                let at = end - SignedDuration::from_secs(60 * i64::from(incidents - n));
                one(&mut machine, tx, n, n >= incidents - open, at)
            })
        })?;
    }
    let year = end.to_zoned_datetime(jiff::tz::TimeZone::UTC).year();
    let last = IncidentId::numbered(year, u64::from(incidents));
    for from in (0..notes).step_by(500) {
        store.transact(&mut |tx| {
            (from..u32::min(notes, from + 500)).try_for_each(|n| {
                let text = format!("looked at **dashboard {n}**: nothing yet");
                let note = Command::AddNote { text };
                machine.command(tx, &last, &note, &Actor::person("ada"), end).map(drop)
            })
        })?;
    }
    writeln!(std::io::stdout(), "{incidents} incidents, {open} of them open")?;
    Ok(())
}

fn one(machine: &mut Machine, tx: &mut dyn Tx, n: u32, open: bool, at: Timestamp) -> StoreResult<()> {
    let opening = Opening {
        title: format!("Checkout is slow, round {n}"),
        report: "Customers wait for more than ten seconds".to_owned(),
        services: vec![format!("svc-{}", n % 7)],
        ..Opening::default()
    };
    let actor = Actor::person("ada");
    let Ok(decided) = machine.open(tx, opening, &actor, at)? else { return Ok(()) };
    for round in 0..10 {
        let note = Command::AddNote { text: format!("looked at dashboard {round}, nothing yet") };
        let _ = machine.command(tx, &decided.incident, &note, &actor, at)?;
    }
    if !open {
        let cancel = Command::Cancel { reason: "an exercise".to_owned() };
        let _ = machine.command(tx, &decided.incident, &cancel, &actor, at)?;
    }
    for mut row in tx.outbox_due(Timestamp::MAX, 1000)? {
        row.state = OutboxState::Done;
        tx.outbox_update(&row)?;
    }
    Ok(())
}
