//! Every invariant, asked of what is committed.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::alert::Alert;
use firebell_core::effect::Effect;
use firebell_core::ids::{EffectKey, Fingerprint, IncidentId};
use firebell_core::incident::{Event, EventRecord, Summary, apply, effects, fold, is_overtaken};
use firebell_core::intake;
use firebell_core::ports::store::{AlertFilter, IncidentFilter, OutboxState, StoreError};
use firebell_core::severity::Severity;
use firebell_core::telemetry::Window;
use jiff::{SignedDuration, Timestamp};

use super::World;
use crate::invariants::{self, Holds};

const ALL: usize = 100_000;

fn text(error: StoreError) -> String {
    error.to_string()
}

impl World {
    /// All invariants.
    ///
    /// # Errors
    /// The one that broke.
    pub fn check(&mut self) -> Holds {
        let touched = self.take_in_events()?;
        if !touched.is_empty() {
            let filter = IncidentFilter { limit: ALL, include_restricted: true, ..IncidentFilter::default() };
            let summaries: BTreeMap<IncidentId, Summary> = self
                .reader
                .incidents(&filter)
                .map_err(text)?
                .into_iter()
                .map(|s| (s.id.clone(), s))
                .collect();
            for id in &touched {
                self.check_incident(id, summaries.get(id))?;
            }
        }
        if std::mem::take(&mut self.intake_moved) || !touched.is_empty() {
            self.nothing_accepted_is_lost()?;
            self.reports_arrived()?;
        }
        for remembered in self.machine.cached() {
            invariants::memory_equals_refold(remembered, self.folds.get(&remembered.id))?;
        }
        self.nothing_happened_unasked()?;
        self.vendor.broken().map_or(Ok(()), Err)
    }

    /// New events join their streams; each is checked against what was before it. What is folded has been through JSON,
    /// as it is after a restart.
    fn take_in_events(&mut self) -> Result<BTreeSet<IncidentId>, String> {
        let mut touched = BTreeSet::new();
        for (position, record) in self.reader.events_after(self.position, ALL).map_err(text)? {
            self.position = position;
            let id = record.incident.clone();
            let stream = self.streams.entry(id.clone()).or_default();
            let mut fold = self.folds.remove(&id);
            if let Some(before) = &fold {
                invariants::approvals_precede_actions(before, stream, &record, &self.policy)?;
                invariants::restricted_stays_restricted(before, &record)?;
                invariants::a_draft_precedes_what_becomes_due(before, &record)?;
            }
            let record = invariants::event_survives_json(&record)?;
            if stream.last().is_some_and(|last| last.version + 1 != record.version || last.at > record.at) {
                return Err(format!("{id} does not run forward at version {}", record.version));
            }
            apply(&mut fold, &record);
            if let Some(after) = &fold {
                let asked = self.asked.entry(id.clone()).or_default();
                for (ordinal, effect) in effects(after, &record).into_iter().enumerate() {
                    asked.insert(EffectKey::of(&id, record.version, ordinal), effect);
                }
            }
            if let Some(token) = token_of(&record) {
                *self.told.entry(token.to_owned()).or_default() += 1;
            }
            stream.push(record);
            let fold = fold.ok_or_else(|| format!("{id} does not begin with its opening"))?;
            self.folds.insert(id.clone(), fold);
            touched.insert(id);
        }
        Ok(touched)
    }

    fn check_incident(&self, id: &IncidentId, summary: Option<&Summary>) -> Holds {
        let (Some(incident), Some(asked)) = (self.folds.get(id), self.asked.get(id)) else {
            return Ok(());
        };
        let timers: BTreeMap<String, Timestamp> =
            self.reader.timers(Some(id)).map_err(text)?.into_iter().map(|t| (t.key, t.due)).collect();
        invariants::projections_equal_refold(incident, &self.policy, &self.policy_sha256, summary, &timers)?;
        invariants::plans_are_what_their_hash_says(incident)?;
        let rows = self.reader.outbox(Some(id), None, ALL).map_err(text)?;
        invariants::outbox_holds_what_events_ask_for(asked, &rows)?;
        let left =
            rows.iter().filter(|r| matches!(r.state, OutboxState::Waiting | OutboxState::Leased)).count();
        invariants::of_state(incident, &self.policy, left)?;
        let mut acts = BTreeSet::new();
        for row in &rows {
            // One step of a plan is carried out under one key only; the receiver's memory of keys does the rest.
            let once = match &row.effect {
                Effect::Act { .. } | Effect::Send { .. } => acts.insert(format!("{:?}", row.effect)),
                _ => true,
            };
            if !once {
                return Err(format!("{:?} is in the outbox under two keys", row.effect));
            }
            let reached = matches!(row.effect, Effect::Act { .. } | Effect::Send { .. });
            // What was made from the record and could not be sent at first is told by the next of its audience.
            let told_later = match &row.effect {
                Effect::Send { update, channel } => {
                    is_overtaken(incident, *update, channel)
                        && incident
                            .updates
                            .get(*update)
                            .is_some_and(|u| !u.by_person && !u.delivered.contains(channel))
                }
                _ => false,
            };
            let nothing = reached && !told_later && self.vendor.done(&row.key.0).is_none();
            if row.state == OutboxState::Done && nothing {
                return Err(format!("{} counts as done and nothing has happened", row.key));
            }
            if row.state == OutboxState::Dead && !self.is_answered(row.key.clone(), &row.effect, id) {
                return Err(format!("{} was given up and nobody knows", row.key));
            }
        }
        Ok(())
    }

    /// A dead effect is a dead letter that people see, or its failure is an event of its own.
    fn is_answered(&self, key: EffectKey, effect: &Effect, id: &IncidentId) -> bool {
        match effect {
            Effect::RunAgent { .. } | Effect::Act { inverse: false, .. } => true,
            _ => self.folds.get(id).is_some_and(|i| i.dead_effects.contains_key(&key)),
        }
    }

    fn stored_alerts(&self) -> Result<BTreeMap<Fingerprint, Alert>, String> {
        let filter = AlertFilter { limit: ALL, ..AlertFilter::default() };
        let all = self.reader.alerts(&filter).map_err(text)?;
        Ok(all.into_iter().map(|a| (a.fingerprint.clone(), a)).collect())
    }

    /// Every accepted signal is in its alert, and every alert's incident knows how it stands.
    fn nothing_accepted_is_lost(&self) -> Holds {
        let stored = self.stored_alerts()?;
        for (fingerprint, expected) in &self.expected.alerts {
            let Some(alert) = stored.get(fingerprint) else {
                return Err(format!("alert {fingerprint} is lost"));
            };
            let same = (alert.firing, alert.count, alert.last_seen, alert.acknowledged, &alert.turns)
                == (
                    expected.firing,
                    expected.count,
                    expected.last_seen,
                    expected.acknowledged,
                    &expected.turns,
                );
            if !same {
                return Err(format!("alert {fingerprint} is {alert:?}, not {expected:?}"));
            }
        }
        if stored.len() != self.expected.alerts.len() {
            return Err(format!(
                "{} alerts are stored, {} were accepted",
                stored.len(),
                self.expected.alerts.len()
            ));
        }
        let depth = self.reader.inbox_depth().map_err(text)?;
        if depth != self.expected.inbox.len() as u64 {
            return Err(format!("{depth} requests wait, {} were accepted", self.expected.inbox.len()));
        }
        for alert in stored.values() {
            let Some(id) = &alert.incident else { continue };
            let Some(incident) = self.folds.get(id) else { return Err(format!("there is no {id}")) };
            if incident.status.is_over() {
                continue;
            }
            let Some(attached) = incident.alerts.get(&alert.fingerprint) else {
                if incident.alerts_beyond > 0 {
                    continue;
                }
                return Err(format!("{id} does not know its alert {}", alert.fingerprint));
            };
            if attached.firing != alert.firing {
                return Err(format!("{id} takes {} for firing: {}", alert.fingerprint, attached.firing));
            }
        }
        Ok(())
    }

    /// After a look at all: a firing alert without an incident is silenced, inhibited, flapping, or none that opens one;
    /// one whose incident is over is its late tail, and not for ever.
    pub(super) fn check_everything_has_its_place(&self) -> Holds {
        let stored = self.stored_alerts()?;
        let silences = self.reader.silences().map_err(text)?;
        let rules = &self.policy.correlation;
        for alert in stored.values().filter(|a| a.firing && a.incident.is_none()) {
            let held = !intake::silenced_by(&silences, &alert.labels, self.now).is_empty()
                || !intake::inhibitors(&rules.inhibit, alert, stored.values()).is_empty()
                || !intake::may_open(alert, rules)
                || intake::is_flapping(alert, rules, self.now);
            if !held {
                return Err(format!("{} {:?} fires and has no incident", alert.name(), alert.labels));
            }
        }
        let longest = SignedDuration::from_secs(rules.late_s.max(rules.cancelled_s));
        for alert in stored.values().filter(|a| a.firing && !intake::is_flapping(a, rules, self.now)) {
            let mut next = alert.incident.clone();
            while let Some(id) = next.take() {
                if self.folds.get(&id).is_some_and(|i| !i.status.is_over()) {
                    break;
                }
                // From the store: what was done just now is not taken in yet.
                let records = self.reader.events(&id).map_err(text)?;
                let Some(incident) = fold(&records) else { return Err(format!("there is no {id}")) };
                next.clone_from(&incident.merged_into);
                let since = self.now.duration_since(incident.resolved_at.unwrap_or(self.now));
                // A cosmetic one is a ticket, and its alert may fire on behind it.
                let filed = incident.severity.severity == Severity::Sev4;
                if next.is_none() && incident.status.is_over() && since > longest && !filed {
                    return Err(format!("{} still fires {since:#} after {id} ended", alert.name()));
                }
            }
        }
        Ok(())
    }

    /// The records read whole, as a restart and a replay read them. After each crash, and at the end.
    pub(super) fn check_records(&self) -> Holds {
        for (id, seen) in &self.streams {
            let stored = self.reader.events(id).map_err(text)?;
            if stored != *seen {
                return Err(format!("the record of {id} has changed"));
            }
            invariants::timeline_runs_forward(seen)?;
            let Some(incident) = self.folds.get(id) else { continue };
            invariants::state_equals_refold(incident, &stored)?;
        }
        Ok(())
    }

    /// At the end: nothing is left out.
    pub(super) fn check_end(&mut self) -> Holds {
        self.check()?;
        self.check_records()?;
        self.changes_arrived()
    }

    fn reports_arrived(&self) -> Holds {
        for token in &self.expected.reports {
            match self.told.get(token) {
                Some(1) => {}
                times => {
                    let times = times.copied().unwrap_or(0);
                    return Err(format!("report {token} is in the record {times} times"));
                }
            }
        }
        Ok(())
    }

    fn changes_arrived(&self) -> Holds {
        let window = Window { start: Timestamp::MIN, end: Timestamp::MAX };
        let changes: BTreeSet<String> =
            self.reader.changes(window, ALL).map_err(text)?.into_iter().map(|c| c.id).collect();
        if changes == self.expected.changes {
            Ok(())
        } else {
            Err("the change ledger lost or made changes".into())
        }
    }

    /// Everything that reached the outside was asked for by a committed event.
    fn nothing_happened_unasked(&self) -> Holds {
        let asked = |key: &str| match key.split_once(' ') {
            // The archive has no keys: a file is written whole, or again.
            Some(("bundle", id)) => self.was_asked_for(id, &Effect::ArchiveBundle),
            Some(("postmortem", id)) => self.was_asked_for(id, &Effect::WritePostmortem),
            _ => {
                let (id, key) = (key.split(':').next().unwrap_or_default(), EffectKey(key.to_owned()));
                self.asked.get(&IncidentId::new(id)).is_some_and(|all| all.contains_key(&key))
            }
        };
        match self.vendor.unasked(asked) {
            Some((key, what)) => Err(format!("{what:?} happened under {key}, which nobody asked for")),
            None => Ok(()),
        }
    }

    fn was_asked_for(&self, id: &str, effect: &Effect) -> bool {
        self.asked.get(&IncidentId::new(id)).is_some_and(|all| all.values().any(|e| e == effect))
    }
}

/// The token in a report's words, where the event is a report.
fn token_of(record: &EventRecord) -> Option<&str> {
    let words = match &record.event {
        Event::Opened { report, .. } => report,
        Event::ReportAttached { text, .. } => text,
        _ => return None,
    };
    words.split_once(':').map(|(token, _)| token)
}
