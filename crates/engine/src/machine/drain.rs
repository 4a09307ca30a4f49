//! From the inbox to incidents: fold signals into alerts, place those that fire, pass on those that resolve. The
//! cursor moves in the same transaction, so that every accepted signal is taken in exactly once.

use std::collections::{BTreeMap, VecDeque};

use firebell_core::alert::{Alert, Turn};
use firebell_core::ids::{Fingerprint, IncidentId};
use firebell_core::incident::{Actor, AlertTurn, AttachedAlert, Command, Opening};
use firebell_core::intake::{self, Placement};
use firebell_core::ports::store::{StoreResult, Tx};
use firebell_core::signal::{Intake, Report, Signal};
use jiff::{SignedDuration, Timestamp};

use super::state::Machine;

/// Items that may wait to be taken in. A sender that never pauses is told to come back, before it fills the disk.
const MOST_WAITING: usize = 2_000_000;

/// Alerts on their way to one incident.
#[derive(Debug, Default)]
pub(super) struct Pending {
    attach: Vec<AttachedAlert>,
    pub(super) turns: Vec<AlertTurn>,
    /// Attached already, with other labels than before.
    changed: Vec<AttachedAlert>,
    pub(super) reopened: bool,
}

impl Machine {
    /// Accepts a request for good once the transaction commits; answers its sequence number.
    ///
    /// # Errors
    /// The store's.
    pub fn accept(
        &mut self,
        tx: &mut dyn Tx,
        source: &str,
        now: Timestamp,
        items: Vec<Intake>,
    ) -> StoreResult<u64> {
        let before = self.waiting(tx)?;
        let seq = tx.inbox_push(source, now, &items)?;
        self.waiting = Some(before + items.len());
        self.fresh.push(seq, items);
        Ok(seq)
    }

    /// Whether so much waits to be taken in that nothing more is to be accepted for now.
    ///
    /// # Errors
    /// The store's.
    pub fn is_full(&mut self, tx: &mut dyn Tx) -> StoreResult<bool> {
        Ok(self.waiting(tx)? >= MOST_WAITING)
    }

    /// Items that wait to be taken in: what the process before this one left, and what a failed transaction took back,
    /// is counted in the store once; from there on it is kept.
    fn waiting(&mut self, tx: &mut dyn Tx) -> StoreResult<usize> {
        let waiting = match self.waiting {
            Some(waiting) => waiting,
            None => usize::try_from(tx.inbox_waiting()?).unwrap_or(usize::MAX),
        };
        self.waiting = Some(waiting);
        Ok(waiting)
    }

    fn note_opened(&mut self, now: Timestamp) {
        self.recent_opens.push(now);
        self.opened += 1;
    }

    /// Incidents opened from the inbox by this process: whoever drains sees whether there were any.
    pub fn opened(&self) -> u64 {
        self.opened
    }

    /// Takes in at most `limit` signals from the inbox; answers how many items it took.
    ///
    /// # Errors
    /// The store's.
    pub fn drain(&mut self, tx: &mut dyn Tx, now: Timestamp, limit: usize) -> StoreResult<usize> {
        self.ensure_loaded(tx)?;
        let cursor = tx.inbox_cursor()?;
        let mut taken = 0;
        let mut signals: Vec<Signal> = Vec::new();
        let mut last = None;
        let mut rows: VecDeque<(u64, Vec<Intake>)> = VecDeque::new();
        // A row may hold thousands of signals and is taken whole; rows are read only as far as they will be taken.
        while taken < limit {
            if rows.is_empty() {
                rows.extend(self.fresh.after(last.unwrap_or(cursor)));
            }
            if rows.is_empty() {
                let average =
                    last.map_or(64, |seq: u64| taken / usize::try_from(seq - cursor).unwrap_or(1).max(1));
                let wanted = ((limit - taken) / average.max(1)).clamp(1, 256);
                rows = tx
                    .inbox_after(last.unwrap_or(cursor), wanted)?
                    .into_iter()
                    .map(|row| (row.seq, row.items))
                    .collect();
            }
            let Some((seq, items)) = rows.pop_front() else { break };
            last = Some(seq);
            self.waiting = self.waiting.map(|waiting| waiting.saturating_sub(items.len()));
            // A row without items counts too, so that a drain ends.
            taken += items.len().max(1);
            for item in items {
                match item {
                    Intake::Signal(signal) => signals.push(signal),
                    Intake::Change(change) => {
                        tx.put_change(&change)?;
                    }
                    Intake::Report(report) => {
                        // Reports come after the signals of earlier rows, as they were accepted.
                        self.take_signals(tx, &std::mem::take(&mut signals), now)?;
                        self.take_report(tx, &report, now)?;
                    }
                }
            }
        }
        self.take_signals(tx, &signals, now)?;
        if let Some(seq) = last {
            tx.set_inbox_cursor(seq)?;
            tx.inbox_trim(seq)?;
        }
        Ok(taken)
    }

    /// Folds signals and places what fires. An alert that comes many times in one call is written once.
    pub(super) fn take_signals(
        &mut self,
        tx: &mut dyn Tx,
        signals: &[Signal],
        now: Timestamp,
    ) -> StoreResult<()> {
        let mut touched: BTreeMap<Fingerprint, Alert> = BTreeMap::new();
        let mut pending: BTreeMap<IncidentId, Pending> = BTreeMap::new();
        self.note_inhibiting(signals, now);
        for signal in signals {
            let before = match touched.remove(&signal.fingerprint) {
                Some(alert) => Some(alert),
                None => tx.alert(&signal.fingerprint)?,
            };
            let (mut alert, turn) = Alert::fold(before, signal, now);
            if alert.service.is_none() || matches!(turn, Turn::Fired | Turn::Changed) {
                alert.service = intake::route(&alert.labels, &self.policy).or(alert.service.take());
            }
            self.take_turn(tx, &mut alert, turn, &mut pending, now)?;
            touched.insert(alert.fingerprint.clone(), alert);
        }
        for alert in touched.values() {
            tx.put_alert(alert)?;
        }
        self.pass_on(tx, pending, now)
    }

    pub(super) fn pass_on(
        &mut self,
        tx: &mut dyn Tx,
        pending: BTreeMap<IncidentId, Pending>,
        now: Timestamp,
    ) -> StoreResult<()> {
        for (id, Pending { attach, turns, mut changed, reopened }) in pending {
            if reopened {
                self.catch_up(tx, &id, now)?;
            }
            if !attach.is_empty() {
                self.apply_to(tx, &id, &Command::AttachAlerts { alerts: attach }, now)?;
            }
            for alert in &mut changed {
                // How it stands now, not how it stood when its labels changed.
                if let Some(last) = turns.iter().rev().find(|t| t.fingerprint == alert.fingerprint) {
                    alert.firing = last.firing;
                }
            }
            if !turns.is_empty() {
                self.apply_to(tx, &id, &Command::TurnAlerts { turns }, now)?;
            }
            if !changed.is_empty() {
                self.apply_to(tx, &id, &Command::AttachAlerts { alerts: changed }, now)?;
            }
        }
        Ok(())
    }

    fn take_turn(
        &mut self,
        tx: &mut dyn Tx,
        alert: &mut Alert,
        turn: Turn,
        pending: &mut BTreeMap<IncidentId, Pending>,
        now: Timestamp,
    ) -> StoreResult<()> {
        let Some(id) = &alert.incident else { return self.find_place(tx, alert, pending, now) };
        if !self.open.contains(id) {
            if !alert.firing {
                self.held.remove(&alert.fingerprint);
                return Ok(());
            }
            return self.take_back(tx, alert, matches!(turn, Turn::Fired | Turn::Changed), pending, now);
        }
        self.open.heard(id, now);
        match turn {
            Turn::Repeat => {}
            Turn::Fired | Turn::Resolved => {
                let turned = AlertTurn { fingerprint: alert.fingerprint.clone(), firing: alert.firing };
                pending.entry(id.clone()).or_default().turns.push(turned);
                let known = self.incidents.get(id).and_then(|i| i.alerts.get(&alert.fingerprint));
                if turn == Turn::Fired && known.is_some_and(|k| k.labels != alert.labels) {
                    self.tell_change(alert, pending);
                }
            }
            Turn::Changed => self.tell_change(alert, pending),
            Turn::Acknowledged => {
                let (id, actor) = (id.clone(), Actor::Source { name: alert.source.clone() });
                // An incident that is over needs no acknowledgement; the rejection changes nothing.
                let _ = self.command(tx, &id, &Command::Acknowledge, &actor, now)?;
            }
        }
        Ok(())
    }

    /// An alert of an open incident says something else than before.
    fn tell_change(&mut self, alert: &Alert, pending: &mut BTreeMap<IncidentId, Pending>) {
        let Some(id) = &alert.incident else { return };
        let policy = &self.policy;
        self.open.change(id, |open| {
            open.remember(&alert.labels, alert.group_key.as_deref(), policy);
            open.services.extend(alert.service.clone());
        });
        let changed = attached(alert, "its labels have changed".to_owned());
        pending.entry(id.clone()).or_default().changed.push(changed);
    }

    /// Places a firing alert, unless something keeps it from its incident for now.
    pub(super) fn find_place(
        &mut self,
        tx: &mut dyn Tx,
        alert: &mut Alert,
        pending: &mut BTreeMap<IncidentId, Pending>,
        now: Timestamp,
    ) -> StoreResult<()> {
        self.held.remove(&alert.fingerprint);
        if !alert.firing || intake::is_trial(alert) {
            return Ok(());
        }
        alert.silenced_by = self.silences.covering(&alert.labels, now);
        alert.inhibited_by = if self.policy.correlation.inhibit.is_empty() {
            Vec::new()
        } else {
            intake::inhibitors(&self.policy.correlation.inhibit, alert, self.firing.values())
        };
        if !alert.silenced_by.is_empty() || !alert.inhibited_by.is_empty() {
            self.hold(alert);
            return Ok(());
        }
        self.place(tx, alert, pending, now)
    }

    fn place(
        &mut self,
        tx: &mut dyn Tx,
        alert: &mut Alert,
        pending: &mut BTreeMap<IncidentId, Pending>,
        now: Timestamp,
    ) -> StoreResult<()> {
        let mut placement =
            intake::place_alert(alert, self.open.near(alert, &self.policy), &self.policy, now);
        if matches!(placement, Placement::Open { .. }) {
            if !intake::may_open(alert, &self.policy.correlation) {
                return Ok(());
            }
            if intake::is_flapping(alert, &self.policy.correlation, now) {
                self.hold(alert);
                return Ok(());
            }
            if let Some(storm) = self.storm(now) {
                placement = storm;
            }
        }
        match placement {
            Placement::Attach { incident, why } => self.attach(alert, incident, why, pending, now),
            Placement::Open { why } => {
                let actor = Actor::Source { name: alert.source.clone() };
                let opening = Opening {
                    title: title(alert),
                    report: String::new(),
                    services: alert.service.iter().cloned().collect(),
                    alerts: vec![attached(alert, "it opened the incident".to_owned())],
                    reported_at: None,
                    severity: None,
                    drill: alert.labels.get("drill").is_some_and(|v| v == "true"),
                    why,
                };
                match self.open(tx, opening, &actor, now)? {
                    Ok(decided) => {
                        alert.incident = Some(decided.incident.clone());
                        self.note_opened(now);
                        let policy = &self.policy;
                        self.open.change(&decided.incident, |open| {
                            open.last_signal_at = now;
                            open.remember(&alert.labels, alert.group_key.as_deref(), policy);
                        });
                    }
                    Err(rejection) => tracing::warn!(%rejection, "an alert could not open an incident"),
                }
            }
        }
        Ok(())
    }

    pub(super) fn attach(
        &mut self,
        alert: &mut Alert,
        incident: IncidentId,
        why: String,
        pending: &mut BTreeMap<IncidentId, Pending>,
        now: Timestamp,
    ) {
        alert.incident = Some(incident.clone());
        let policy = &self.policy;
        self.open.change(&incident, |open| {
            open.last_signal_at = now;
            open.remember(&alert.labels, alert.group_key.as_deref(), policy);
            open.services.extend(alert.service.clone());
        });
        pending.entry(incident).or_default().attach.push(attached(alert, why));
    }

    /// In a storm, the open incident that takes what has no other place.
    fn storm(&mut self, now: Timestamp) -> Option<Placement> {
        let (opens, window_s) = (self.policy.correlation.storm_opens, self.policy.correlation.storm_window_s);
        self.recent_opens.retain(|t| now.duration_since(*t) <= SignedDuration::from_secs(window_s));
        if self.recent_opens.len() < opens {
            return None;
        }
        let newest = self.open.values().filter(|i| !i.restricted).max_by_key(|i| i.opened_at)?;
        Some(Placement::Attach {
            incident: newest.id.clone(),
            why: format!("a storm: {} incidents were opened within {window_s} s", self.recent_opens.len()),
        })
    }

    fn take_report(&mut self, tx: &mut dyn Tx, report: &Report, now: Timestamp) -> StoreResult<()> {
        if let Some(key) = &report.dedup_key
            && tx.seen_before(&format!("report:{}:{key}", report.source), now)?
        {
            return Ok(());
        }
        let services = intake::named_services(report, &self.policy);
        let mut placement = intake::place_report(report, &services, self.open.values(), &self.policy, now);
        if matches!(placement, Placement::Open { .. })
            && let Some(storm) = self.storm(now)
        {
            placement = storm;
        }
        match placement {
            Placement::Attach { incident, why } => {
                self.open.heard(&incident, now);
                let command = Command::AttachReport {
                    title: report.title.clone(),
                    text: report.text.clone(),
                    reporter: report.reporter.clone(),
                    reported_at: report.at,
                    why,
                };
                self.apply_to(tx, &incident, &command, now)
            }
            Placement::Open { why } => {
                let opening = Opening {
                    // Accepted is accepted: a report without a usable title still opens its incident.
                    title: shortened(&report.title, || {
                        shortened(&report.text, || "report without words".to_owned())
                    }),
                    report: report.text.clone(),
                    services: services.into_iter().collect(),
                    reported_at: Some(report.at.min(now)),
                    why,
                    ..Opening::default()
                };
                let actor = Actor::Source { name: report.source.clone() };
                match self.open(tx, opening, &actor, now)? {
                    Ok(_) => self.note_opened(now),
                    Err(rejection) => tracing::warn!(%rejection, "a report could not open an incident"),
                }
                Ok(())
            }
        }
    }

    fn apply_to(
        &mut self,
        tx: &mut dyn Tx,
        id: &IncidentId,
        command: &Command,
        now: Timestamp,
    ) -> StoreResult<()> {
        if let Err(rejection) = self.command(tx, id, command, &Actor::System, now)? {
            tracing::warn!(%rejection, "signals could not be passed on to {id}");
        }
        Ok(())
    }
}

fn attached(alert: &Alert, why: String) -> AttachedAlert {
    let text = ["summary", "description", "message", "title"].iter().find_map(|k| alert.annotations.get(*k));
    AttachedAlert {
        fingerprint: alert.fingerprint.clone(),
        name: alert.name().to_owned(),
        service: alert.service.clone(),
        firing: alert.firing,
        starts_at: alert.starts_at,
        summary: text.cloned().unwrap_or_default(),
        labels: alert.labels.clone(),
        why,
    }
}

fn title(alert: &Alert) -> String {
    let summary = alert.annotations.get("summary").or_else(|| alert.annotations.get("title"));
    let title = match (summary, &alert.service) {
        (Some(summary), _) => summary.clone(),
        (None, Some(service)) => format!("{} on {service}", alert.name()),
        (None, None) => alert.name().to_owned(),
    };
    shortened(&title, || shortened(alert.name(), || "alert without a name".to_owned()))
}

/// At most 300 bytes of a text; `otherwise` where there is none.
fn shortened(text: &str, otherwise: impl FnOnce() -> String) -> String {
    let text = text.trim();
    if text.is_empty() {
        return otherwise();
    }
    let cut = (0..=text.len().min(300)).rev().find(|n| text.is_char_boundary(*n)).unwrap_or(0);
    text[..cut].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    //! What is full is told so and goes on when there is room.

    use std::sync::Arc;

    use firebell_core::policy::Policy;
    use firebell_core::ports::store::{Store, StoreError};
    use firebell_core::signal::Report;
    use firebell_store::MemoryStore;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn machine() -> Machine {
        Machine::new(Arc::new(Policy::default()))
    }

    fn reports(n: usize) -> Vec<Intake> {
        let report = Intake::Report(Report {
            source: "desk".to_owned(),
            title: "checkout hangs".to_owned(),
            text: String::new(),
            reporter: String::new(),
            at: NOW,
            service: None,
            dedup_key: None,
        });
        vec![report; n]
    }

    fn waiting(store: &mut MemoryStore, machine: &mut Machine) -> usize {
        let mut waiting = 0;
        let look = &mut |tx: &mut dyn Tx| {
            waiting = machine.waiting(tx)?;
            Ok(())
        };
        store.transact(look).expect("works");
        waiting
    }

    #[test]
    fn what_was_taken_in_makes_room() {
        let (mut store, mut machine) = (MemoryStore::new(), machine());
        machine.waiting = Some(MOST_WAITING - 1);
        let work = &mut |tx: &mut dyn Tx| {
            assert!(!machine.is_full(tx)?);
            machine.accept(tx, "desk", NOW, reports(1))?;
            assert!(machine.is_full(tx)?);
            machine.drain(tx, NOW, 10)?;
            assert!(!machine.is_full(tx)?);
            Ok(())
        };
        store.transact(work).expect("works");
    }

    #[test]
    fn what_an_earlier_process_accepted_and_what_was_taken_back_are_counted() {
        let mut store = MemoryStore::new();
        let mut before = machine();
        let accept = &mut |tx: &mut dyn Tx| {
            machine().accept(tx, "desk", NOW, reports(3)).map(drop)?;
            before.accept(tx, "desk", NOW, reports(4)).map(drop)
        };
        store.transact(accept).expect("works");
        assert_eq!(before.waiting, Some(7), "counted before it accepts, in the same transaction");

        let mut now = machine();
        assert_eq!(waiting(&mut store, &mut now), 7);
        let failing = &mut |tx: &mut dyn Tx| {
            now.accept(tx, "desk", NOW, reports(5))?;
            Err(StoreError::Database { doing: "commit", detail: "disk full".to_owned() })
        };
        store.transact(failing).expect_err("it fails");
        now.forget();
        assert_eq!(waiting(&mut store, &mut now), 7, "the five were never accepted");

        let drain = &mut |tx: &mut dyn Tx| now.drain(tx, NOW, 1).map(drop);
        store.transact(drain).expect("works");
        assert_eq!(now.waiting, Some(4), "a row is taken whole");
        assert_eq!(waiting(&mut store, &mut machine()), 4, "as the store has it");
    }
}
