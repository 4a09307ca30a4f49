//! Simulations from seeds: the core alone, the machine on memory, the machine on SQLite with crashes and reopening.
//! `FIREBELL_SIM_RUNS` scales the number of runs, in percent: by default they take about a minute of one core.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use firebell_core::incident::{Actor, Command, Opening, timers};
use firebell_testkit::model::Model;
use firebell_testkit::runner::{self, Run};
use firebell_testkit::world::{Disk, World};
use firebell_testkit::{invariants, samples};

fn seeds(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/seeds")).join(name)
}

fn core_alone(steps: &[u64]) -> Run {
    let mut model = Model::default();
    let outcome = steps.iter().try_for_each(|step| model.step(*step)).and_then(|()| model.settle());
    outcome.map_err(|broken| (broken, model.trace))
}

fn on(disk: Disk, runtime: &Arc<tokio::runtime::Runtime>, steps: &[u64]) -> Run {
    let mut world = World::new(disk, Arc::clone(runtime)).map_err(|broken| (broken, Vec::new()))?;
    let outcome = steps.iter().try_for_each(|step| world.step(*step)).and_then(|()| world.settle());
    outcome.map_err(|broken| (broken, world.trace))
}

fn runtime() -> Arc<tokio::runtime::Runtime> {
    Arc::new(tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"))
}

#[test]
fn the_core_keeps_its_invariants_whatever_happens_first_half() {
    runner::run_all(&seeds("core.txt"), 0, 2_000, 40, core_alone);
}

#[test]
fn the_core_keeps_its_invariants_whatever_happens_second_half() {
    runner::run_all(&seeds("core.txt"), 100_000, 2_000, 40, core_alone);
}

#[test]
fn the_machine_keeps_its_invariants_through_crashes_first_half() {
    let runtime = runtime();
    runner::run_all(&seeds("memory.txt"), 0, 200, 60, |steps| on(Disk::memory(), &runtime, steps));
}

#[test]
fn the_machine_keeps_its_invariants_through_crashes_second_half() {
    let runtime = runtime();
    runner::run_all(&seeds("memory.txt"), 100_000, 200, 60, |steps| on(Disk::memory(), &runtime, steps));
}

#[test]
fn the_machine_keeps_its_invariants_on_a_database_that_is_reopened_after_crashes() {
    let runtime = runtime();
    runner::run_all(&seeds("sqlite.txt"), 0, 50, 60, |steps| {
        let disk = Disk::sqlite().map_err(|broken| (broken, Vec::new()))?;
        on(disk, &runtime, steps)
    });
}

#[test]
fn a_clock_that_only_reminds_does_not_count_as_one_that_moves() {
    let mut model = Model::default();
    let opening = Opening { title: "customers cannot buy".to_owned(), ..Opening::default() };
    model.say(&Command::Open(opening), &Actor::person("ada")).expect("it opens");
    let incident = model.incident().expect("it is open");
    let all = timers(incident, &samples::policy());
    let holds = |timers: &BTreeMap<_, _>| invariants::open_incident_has_a_running_clock(incident, timers, 0);
    holds(&all).expect("agents are at work");
    let reminders: BTreeMap<_, _> = all.into_iter().filter(|(key, _)| !key.starts_with("agent:")).collect();
    assert!(!reminders.is_empty(), "deadlines run");
    holds(&reminders).expect_err("nobody works on it any more");
    let late = BTreeMap::from([("look_again".to_owned(), samples::plus(samples::start(), 86_400))]);
    holds(&late).expect_err("a day is too long to lie still");
}
