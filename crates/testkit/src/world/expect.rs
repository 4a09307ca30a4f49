//! What was accepted, folded a second time beside the engine: nothing of it may be lost.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use firebell_core::alert::Alert;
use firebell_core::ids::Fingerprint;
use firebell_core::signal::{Intake, Signal};
use jiff::Timestamp;

use crate::samples;

/// Accepted and not taken in yet, and what came of the rest.
#[derive(Debug, Default)]
pub(super) struct Expected {
    pub(super) inbox: VecDeque<Vec<Intake>>,
    pub(super) alerts: BTreeMap<Fingerprint, Alert>,
    pub(super) reports: BTreeSet<String>,
    pub(super) changes: BTreeSet<String>,
}

impl Expected {
    /// The engine took in so many rows at `now`.
    pub(super) fn taken(&mut self, rows: usize, now: Timestamp) {
        for items in self.inbox.drain(..rows.min(self.inbox.len())).collect::<Vec<_>>() {
            for item in items {
                match item {
                    Intake::Signal(signal) => self.fold(&signal, now),
                    Intake::Report(report) => {
                        self.reports.extend(report.dedup_key);
                    }
                    Intake::Change(change) => {
                        self.changes.insert(change.id);
                    }
                }
            }
        }
    }

    /// Senders fell silent.
    pub(super) fn lapse(&mut self, now: Timestamp) {
        let lapsed: Vec<Signal> = self
            .alerts
            .values()
            .filter(|a| a.firing && a.ends_at.is_some_and(|end| end <= now))
            .map(|a| samples::end_of(a, a.ends_at))
            .collect();
        lapsed.iter().for_each(|signal| self.fold(signal, now));
    }

    fn fold(&mut self, signal: &Signal, now: Timestamp) {
        let before = self.alerts.remove(&signal.fingerprint);
        let (alert, _) = Alert::fold(before, signal, now);
        self.alerts.insert(alert.fingerprint.clone(), alert);
    }
}
