//! What signals become, over time: nothing that fires is forgotten, nothing that is over comes back by itself.

use std::sync::Arc;

use firebell_core::alert::Alert;
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Actor, Command, Status, Summary};
use firebell_core::policy::{Correlation, Policy};
use firebell_core::ports::store::{AlertFilter, IncidentFilter, Reader, Store, Tx};
use firebell_core::signal::{Intake, Report, Signal, SignalState, fingerprint};
use firebell_engine::machine::Machine;
use firebell_store::{MemoryReader, MemoryStore};
use firebell_testkit::samples;
use jiff::Timestamp;

struct Bench {
    store: MemoryStore,
    reader: MemoryReader,
    machine: Machine,
}

fn policy(late_s: i64, cancelled_s: i64) -> Policy {
    let mut policy = samples::policy();
    policy.correlation = Correlation { late_s, cancelled_s, ..policy.correlation };
    policy
}

fn at(second: i64) -> Timestamp {
    samples::plus(samples::start(), second)
}

/// A signal under a key of its sender.
fn keyed(key: &str, state: SignalState, pairs: &[(&str, &str)]) -> Signal {
    let mut signal = samples::signal(samples::labels(pairs), "", state, samples::start());
    signal.fingerprint = fingerprint("am", Some(key), &signal.labels);
    signal.dedup_key = Some(key.to_owned());
    signal
}

fn disk(state: SignalState) -> Signal {
    let pairs = [("alertname", "DiskFull"), ("service", "checkout"), ("severity", "critical")];
    samples::signal(samples::labels(&pairs), "disk is nearly full", state, samples::start())
}

impl Bench {
    fn new(policy: Policy) -> Self {
        let store = MemoryStore::new();
        Self { reader: store.reader(), store, machine: Machine::new(Arc::new(policy)) }
    }

    fn transact(&mut self, mut work: impl FnMut(&mut Machine, &mut dyn Tx)) {
        let machine = &mut self.machine;
        self.store
            .transact(&mut |tx| {
                work(machine, tx);
                Ok(())
            })
            .expect("committed");
    }

    fn take(&mut self, second: i64, signals: Vec<Signal>) {
        let items: Vec<Intake> = signals.into_iter().map(Intake::Signal).collect();
        self.take_items(second, &items);
    }

    fn take_items(&mut self, second: i64, items: &[Intake]) {
        self.transact(|m, tx| {
            tx.inbox_push("am", at(second), items).expect("stored");
            m.drain(tx, at(second), 1000).expect("drained");
        });
    }

    /// The engine looks around by itself, without any signal.
    fn look(&mut self, second: i64) {
        self.transact(|m, tx| {
            m.lapse_alerts(tx, at(second), 100).expect("looked");
            m.look_at_held(tx, at(second), 100).expect("looked");
        });
    }

    fn tell(&mut self, second: i64, id: &IncidentId, command: &Command) {
        self.transact(|m, tx| {
            m.command(tx, id, command, &Actor::person("ada"), at(second)).expect("stored").expect("taken");
        });
    }

    /// As after a crash.
    fn restart(&mut self) {
        self.machine.forget();
    }

    fn incidents(&self) -> Vec<Summary> {
        let filter = IncidentFilter { include_restricted: true, ..IncidentFilter::default() };
        let mut all = self.reader.incidents(&filter).expect("readable");
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    fn open(&self) -> usize {
        self.incidents().iter().filter(|i| !i.status.is_over()).count()
    }

    fn alert(&self) -> Alert {
        self.reader.alerts(&AlertFilter::default()).expect("readable").remove(0)
    }
}

fn cancel() -> Command {
    Command::Cancel { reason: "a false alarm".to_owned() }
}

fn resolve() -> Command {
    Command::Resolve { summary: "done".to_owned() }
}

#[test]
fn an_alert_that_fires_on_after_its_incident_was_cancelled_is_news_after_a_while() {
    for repeats in [true, false] {
        let mut b = Bench::new(policy(5, 60));
        b.take(0, vec![disk(SignalState::Firing)]);
        let first = b.incidents()[0].id.clone();
        b.tell(10, &first, &cancel());
        for second in [11, 16, 40, 69] {
            if repeats {
                b.take(second, vec![disk(SignalState::Firing)]);
            }
            b.look(second);
            assert_eq!(b.incidents().len(), 1, "at {second}");
        }
        b.restart();
        if repeats {
            b.take(71, vec![disk(SignalState::Firing)]);
        }
        b.look(72);
        assert_eq!((b.incidents().len(), b.open()), (2, 1), "repeats: {repeats}");
        assert_ne!(b.alert().incident, Some(first));
    }
}

#[test]
fn an_alert_whose_incident_ended_by_itself_is_looked_at_without_any_signal() {
    let mut b = Bench::new(policy(5, 60));
    b.take(0, vec![disk(SignalState::Firing)]);
    let first = b.incidents()[0].id.clone();
    b.tell(10, &first, &cancel());
    b.look(71);
    assert_eq!((b.incidents().len(), b.open()), (2, 1));
}

#[test]
fn an_alert_that_fires_on_after_the_all_clear_reopens_its_incident() {
    let mut b = Bench::new(policy(5, 60));
    b.take(0, vec![disk(SignalState::Firing)]);
    let first = b.incidents()[0].id.clone();
    b.tell(10, &first, &resolve());
    b.take(12, vec![disk(SignalState::Firing)]);
    b.look(14);
    assert_eq!(b.open(), 0, "its late tail");
    b.look(16);
    let all = b.incidents();
    assert_eq!((all.len(), all[0].status.is_over()), (1, false), "open again");
    let why = b.reader.events(&first).expect("readable");
    assert!(format!("{why:?}").contains("still fires 6 s after the all-clear"));
}

#[test]
fn an_alert_that_comes_back_soon_after_a_cancel_and_stays_is_news() {
    let mut b = Bench::new(policy(5, 600));
    b.take(0, vec![disk(SignalState::Firing)]);
    let first = b.incidents()[0].id.clone();
    b.tell(10, &first, &cancel());
    b.take(11, vec![disk(SignalState::Resolved)]);
    b.take(13, vec![disk(SignalState::Firing)]);
    b.look(14);
    assert_eq!(b.incidents().len(), 1, "its late tail");
    b.restart();
    b.look(16);
    assert_eq!((b.incidents().len(), b.open()), (2, 1), "no signal came, and people know");
}

#[test]
fn an_alert_that_stopped_after_its_incident_stays_quiet() {
    let mut b = Bench::new(policy(5, 60));
    b.take(0, vec![disk(SignalState::Firing)]);
    let first = b.incidents()[0].id.clone();
    b.tell(10, &first, &resolve());
    b.take(12, vec![disk(SignalState::Firing)]);
    b.take(13, vec![disk(SignalState::Resolved)]);
    for second in [14, 100, 10_000] {
        b.look(second);
    }
    assert_eq!((b.incidents().len(), b.open()), (1, 0));
    b.take(20_000, vec![disk(SignalState::Firing)]);
    assert_eq!((b.incidents().len(), b.open()), (2, 1), "much later it is another story");
    assert_eq!(b.incidents()[0].status, Status::Resolved);
}

#[test]
fn an_alert_that_gets_worse_under_its_key_opens_an_incident() {
    let info = [("alertname", "DiskFull"), ("severity", "info")];
    let critical = [("alertname", "DiskFull"), ("severity", "critical"), ("service", "payments")];
    let mut b = Bench::new(policy(5, 60));
    b.take(0, vec![keyed("disk-7", SignalState::Firing, &info)]);
    assert_eq!(b.incidents().len(), 0);
    b.take(5, vec![keyed("disk-7", SignalState::Firing, &critical)]);
    assert_eq!(b.incidents().len(), 1);
    assert_eq!(
        (b.alert().labels["severity"].as_str(), b.alert().service.as_deref()),
        ("critical", Some("payments"))
    );
}

#[test]
fn what_an_alert_says_anew_reaches_its_open_incident() {
    let before = [("alertname", "DiskFull"), ("severity", "warning")];
    let after = [("alertname", "DiskFull"), ("severity", "critical"), ("service", "payments")];
    for fires_anew in [false, true] {
        let mut b = Bench::new(policy(5, 60));
        b.take(0, vec![keyed("disk-7", SignalState::Firing, &before)]);
        if fires_anew {
            b.take(2, vec![keyed("disk-7", SignalState::Resolved, &[])]);
        }
        b.take(5, vec![keyed("disk-7", SignalState::Firing, &after)]);
        let id = b.incidents()[0].id.clone();
        let records = b.reader.events(&id).expect("readable");
        let incident = firebell_core::incident::fold(&records).expect("an incident");
        let attached = incident.alerts.values().next().expect("an alert");
        assert_eq!((attached.labels["severity"].as_str(), attached.firing), ("critical", true));
        assert!(incident.services.contains("payments"));
        let count = records.len();
        b.take(9, vec![keyed("disk-7", SignalState::Firing, &after)]);
        assert_eq!(b.reader.events(&id).expect("readable").len(), count, "a repeat says nothing new");
    }
}

#[test]
fn an_acknowledgement_of_an_unknown_alert_opens_nothing() {
    let mut b = Bench::new(policy(5, 60));
    let critical = [("alertname", "DiskFull"), ("severity", "critical"), ("service", "payments")];
    b.take(0, vec![keyed("disk-7", SignalState::Acknowledged, &critical)]);
    assert_eq!((b.incidents().len(), b.alert().firing), (0, false));
    b.take(1, vec![keyed("disk-7", SignalState::Firing, &critical)]);
    assert_eq!(b.incidents().len(), 1);
}

#[test]
fn inhibition_does_not_depend_on_the_order_of_a_batch() {
    let down = [("alertname", "ClusterDown"), ("cluster", "eu"), ("severity", "critical")];
    let slow = [("alertname", "Slow"), ("cluster", "eu"), ("severity", "warning"), ("service", "catalog")];
    let signal = |pairs: &[(&str, &str)], state| samples::signal(samples::labels(pairs), "", state, at(0));
    for target_first in [true, false] {
        let mut batch = vec![signal(&down, SignalState::Firing), signal(&slow, SignalState::Firing)];
        if target_first {
            batch.reverse();
        }
        let mut b = Bench::new(policy(5, 60));
        b.take(0, batch);
        assert_eq!(b.incidents().len(), 1, "target first: {target_first}");
        b.take(10, vec![signal(&down, SignalState::Resolved)]);
        b.look(11);
        assert_eq!(b.incidents().len(), 2, "nothing explains it any more");
    }
}

#[test]
fn a_storm_of_reports_does_not_open_an_incident_each() {
    let mut b = Bench::new(policy(5, 60));
    let report = |n: usize| {
        Intake::Report(Report {
            source: "support".to_owned(),
            title: format!("thing{n} broke{n} somewhere{n}"),
            text: String::new(),
            reporter: "a customer".to_owned(),
            at: at(0),
            service: None,
            dedup_key: None,
        })
    };
    b.take_items(0, &(0..50).map(report).collect::<Vec<_>>());
    assert_eq!(b.incidents().len(), 10);
}

#[test]
fn groups_and_machines_bind_after_a_restart_too() {
    let alert = |name: &str, service: &str, group: &str| {
        let mut signal = samples::signal(
            samples::labels(&[("alertname", name), ("service", service)]),
            "",
            SignalState::Firing,
            at(0),
        );
        signal.group_key = Some(group.to_owned());
        signal
    };
    let mut b = Bench::new(policy(5, 60));
    b.take(0, vec![alert("QueueFull", "unrelated-a", "g")]);
    b.restart();
    b.take(1, vec![alert("ConsumerDown", "unrelated-b", "g")]);
    assert_eq!(b.incidents().len(), 1);
    b.take(2, vec![alert("Other", "unrelated-c", "h")]);
    assert_eq!(b.incidents().len(), 2);
}
