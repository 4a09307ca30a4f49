//! From the inbox to incidents: fold signals into alerts, place those that fire, pass on those that resolve. The
//! cursor moves in the same transaction, so that every accepted signal is taken in exactly once.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::alert::{Alert, Turn};
use firebell_core::ids::{Fingerprint, IncidentId};
use firebell_core::incident::{Actor, AlertTurn, AttachedAlert, Command, Opening};
use firebell_core::intake::{self, Placement};
use firebell_core::ports::store::{InboxRow, StoreResult, Tx};
use firebell_core::signal::{Intake, Report, Signal};
use jiff::{SignedDuration, Timestamp};

use super::state::Machine;

/// Opening more than so many incidents by alerts within [`STORM_WINDOW_S`] is a storm: what comes then joins the
/// newest of them instead of paging people once more.
const STORM_OPENS: usize = 10;
const STORM_WINDOW_S: i64 = 60;

/// Alerts on their way to one incident.
#[derive(Debug, Default)]
struct Pending {
    attach: Vec<AttachedAlert>,
    turns: Vec<AlertTurn>,
}

impl Machine {
    /// Takes in at most `limit` signals from the inbox; answers how many items it took.
    ///
    /// # Errors
    /// The store's.
    pub fn drain(&mut self, tx: &mut dyn Tx, now: Timestamp, limit: usize) -> StoreResult<usize> {
        self.ensure_loaded(tx)?;
        let cursor = tx.inbox_cursor()?;
        // A row may hold thousands of signals; rows are taken whole.
        let rows: Vec<InboxRow> = tx.inbox_after(cursor, 256)?;
        let mut taken = 0;
        let mut signals: Vec<Signal> = Vec::new();
        let mut last = None;
        for row in rows {
            last = Some(row.seq);
            taken += row.items.len();
            for item in row.items {
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
            if taken >= limit {
                break;
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
    pub(super) fn take_signals(&mut self, tx: &mut dyn Tx, signals: &[Signal], now: Timestamp) -> StoreResult<()> {
        let mut touched: BTreeMap<Fingerprint, Alert> = BTreeMap::new();
        let mut pending: BTreeMap<IncidentId, Pending> = BTreeMap::new();
        for signal in signals {
            let before = match touched.remove(&signal.fingerprint) {
                Some(alert) => Some(alert),
                None => tx.alert(&signal.fingerprint)?,
            };
            let (mut alert, turn) = Alert::fold(before, signal, now);
            if alert.service.is_none() {
                alert.service = intake::route(&alert.labels, &self.policy);
            }
            self.note_firing(&alert);
            self.take_turn(tx, &mut alert, turn, &mut pending, now)?;
            touched.insert(alert.fingerprint.clone(), alert);
        }
        for alert in touched.values() {
            tx.put_alert(alert)?;
        }
        for (id, Pending { attach, turns }) in pending {
            if !attach.is_empty() {
                self.apply_to(tx, &id, &Command::AttachAlerts { alerts: attach }, now)?;
            }
            if !turns.is_empty() {
                self.apply_to(tx, &id, &Command::TurnAlerts { turns }, now)?;
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
        if let Some(id) = alert.incident.clone() {
            if self.open.contains_key(&id) {
                if matches!(turn, Turn::Fired | Turn::Resolved) {
                    let turns = &mut pending.entry(id.clone()).or_default().turns;
                    turns.push(AlertTurn { fingerprint: alert.fingerprint.clone(), firing: alert.firing });
                }
                if turn == Turn::Acknowledged {
                    let actor = Actor::Source { name: alert.source.clone() };
                    // An incident that is over needs no acknowledgement; the rejection changes nothing.
                    let _ = self.command(tx, &id, &Command::Acknowledge, &actor, now)?;
                }
                if let Some(open) = self.open.get_mut(&id) {
                    open.last_signal_at = now;
                }
                return Ok(());
            }
            if turn != Turn::Fired {
                return Ok(());
            }
            if let Some(reopened) = self.comes_back(tx, &id, alert, now)? {
                if reopened {
                    let turns = &mut pending.entry(id).or_default().turns;
                    turns.push(AlertTurn { fingerprint: alert.fingerprint.clone(), firing: true });
                }
                return Ok(());
            }
            alert.incident = None;
        }
        if !alert.firing {
            return Ok(());
        }
        alert.silenced_by = intake::silenced_by(&self.silences, &alert.labels, now);
        alert.inhibited_by = if self.policy.correlation.inhibit.is_empty() {
            Vec::new()
        } else {
            intake::inhibitors(&self.policy.correlation.inhibit, alert, self.firing.values())
        };
        if !alert.silenced_by.is_empty() || !alert.inhibited_by.is_empty() {
            return Ok(());
        }
        self.place(tx, alert, pending, now)
    }

    /// An alert of an incident that is over fires again. Answers `Some(true)` if the incident was reopened by it,
    /// `Some(false)` if it is the incident's late or flapping tail, `None` if it is news.
    fn comes_back(&mut self, tx: &mut dyn Tx, id: &IncidentId, alert: &Alert, now: Timestamp) -> StoreResult<Option<bool>> {
        let Some(incident) = self.incident(tx, id)? else { return Ok(None) };
        if let Some(into) = &incident.merged_into {
            // Alerts move with a merge; this one was beyond what the merge carried.
            return if self.open.contains_key(into) { Ok(Some(false)) } else { Ok(None) };
        }
        if intake::is_flapping(alert, &self.policy.correlation, now) {
            return Ok(Some(false));
        }
        let ended = incident.resolved_at.unwrap_or(incident.opened_at);
        let late = now.duration_since(ended) <= SignedDuration::from_secs(self.policy.correlation.late_s);
        if !late {
            return Ok(None);
        }
        if incident.status != firebell_core::incident::Status::Resolved {
            return Ok(Some(false));
        }
        let reason = format!("{} fires again within {} s of the all-clear", alert.name(), self.policy.correlation.late_s);
        let reopened = self.command(tx, id, &Command::Reopen { reason }, &Actor::System, now)?;
        Ok(Some(reopened.is_ok()))
    }

    fn place(
        &mut self,
        tx: &mut dyn Tx,
        alert: &mut Alert,
        pending: &mut BTreeMap<IncidentId, Pending>,
        now: Timestamp,
    ) -> StoreResult<()> {
        let open: Vec<_> = self.open.values().cloned().collect();
        let mut placement = intake::place_alert(alert, &open, &self.policy, now);
        if matches!(placement, Placement::Open { .. }) {
            if !intake::may_open(alert, &self.policy.correlation) || intake::is_flapping(alert, &self.policy.correlation, now) {
                return Ok(());
            }
            if let Some(storm) = self.storm(now) {
                placement = storm;
            }
        }
        match placement {
            Placement::Attach { incident, why } => {
                alert.incident = Some(incident.clone());
                let policy = std::sync::Arc::clone(&self.policy);
                if let Some(open) = self.open.get_mut(&incident) {
                    open.last_signal_at = now;
                    open.remember(&alert.labels, &policy);
                    open.services.extend(alert.service.clone());
                }
                pending.entry(incident).or_default().attach.push(attached(alert, why));
            }
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
                        self.recent_opens.push(now);
                        let policy = std::sync::Arc::clone(&self.policy);
                        if let Some(open) = self.open.get_mut(&decided.incident) {
                            open.last_signal_at = now;
                            open.remember(&alert.labels, &policy);
                        }
                    }
                    Err(rejection) => tracing::warn!(%rejection, "an alert could not open an incident"),
                }
            }
        }
        Ok(())
    }

    /// In a storm, the open incident that takes what has no other place.
    fn storm(&mut self, now: Timestamp) -> Option<Placement> {
        self.recent_opens.retain(|t| now.duration_since(*t) <= SignedDuration::from_secs(STORM_WINDOW_S));
        if self.recent_opens.len() < STORM_OPENS {
            return None;
        }
        let newest = self.open.values().filter(|i| !i.restricted).max_by_key(|i| i.opened_at)?;
        Some(Placement::Attach {
            incident: newest.id.clone(),
            why: format!("alert storm: {} incidents were opened within {STORM_WINDOW_S} s", self.recent_opens.len()),
        })
    }

    fn take_report(&mut self, tx: &mut dyn Tx, report: &Report, now: Timestamp) -> StoreResult<()> {
        if let Some(key) = &report.dedup_key
            && tx.seen_before(&format!("report:{}:{key}", report.source), now)?
        {
            return Ok(());
        }
        let words = format!("{} {}", report.title, report.text).to_lowercase();
        let mut services: BTreeSet<String> = report.service.iter().cloned().collect();
        for service in &self.policy.services {
            let named = |name: &str| words.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').any(|w| w == name);
            if named(&service.name.to_lowercase()) || service.aliases.iter().any(|a| named(&a.to_lowercase())) {
                services.insert(service.name.clone());
            }
        }
        let open: Vec<_> = self.open.values().cloned().collect();
        match intake::place_report(report, &services, &open, &self.policy, now) {
            Placement::Attach { incident, why } => {
                if let Some(open) = self.open.get_mut(&incident) {
                    open.last_signal_at = now;
                }
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
                    title: report.title.clone(),
                    report: report.text.clone(),
                    services: services.into_iter().collect(),
                    reported_at: Some(report.at.min(now)),
                    why,
                    ..Opening::default()
                };
                let actor = Actor::Source { name: report.source.clone() };
                if let Err(rejection) = self.open(tx, opening, &actor, now)? {
                    tracing::warn!(%rejection, "a report could not open an incident");
                }
                Ok(())
            }
        }
    }

    fn apply_to(&mut self, tx: &mut dyn Tx, id: &IncidentId, command: &Command, now: Timestamp) -> StoreResult<()> {
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
    let mut title = match (summary, &alert.service) {
        (Some(summary), _) => summary.clone(),
        (None, Some(service)) => format!("{} on {service}", alert.name()),
        (None, None) => alert.name().to_owned(),
    };
    if title.trim().is_empty() {
        title = alert.name().to_owned();
    }
    if title.len() > 300 {
        let cut = (0..=300).rev().find(|n| title.is_char_boundary(*n)).unwrap_or(0);
        title.truncate(cut);
    }
    title
}
