//! One command: decide, then write events, projection, outbox and timers together.

use std::sync::Arc;

use firebell_core::cx::Cx;
use firebell_core::effect::Effect;
use firebell_core::ids::{EffectKey, IncidentId};
use firebell_core::incident::{
    self, Actor, AlertTurn, AttachedAlert, Carried, Command, Event, EventRecord, Incident, Opening,
    Rejection, Summary,
};
use firebell_core::ports::store::{OutboxRow, OutboxState, StoreResult, Tx};
use jiff::Timestamp;

use super::state::Machine;
use super::{Decided, Decision};
use crate::handle::Wanted;

impl Machine {
    /// Opens an incident under the next number of the year.
    ///
    /// # Errors
    /// The store's; a rejection is in the answer.
    pub fn open(
        &mut self,
        tx: &mut dyn Tx,
        opening: Opening,
        actor: &Actor,
        now: Timestamp,
    ) -> StoreResult<Decision> {
        self.ensure_loaded(tx)?;
        // Checked before a number is taken, so that a rejected opening leaves no gap.
        if let Err(rejection) = incident::check_opening(&opening) {
            return Ok(Err(rejection));
        }
        let year = now.to_zoned_datetime(jiff::tz::TimeZone::UTC).year();
        let number = tx.counter_next(&format!("incident:{year}"))?;
        let id = IncidentId::numbered(year, number);
        self.command(tx, &id, &Command::Open(opening), actor, now)
    }

    /// Decides and writes one command.
    ///
    /// # Errors
    /// The store's; a rejection is in the answer.
    pub fn command(
        &mut self,
        tx: &mut dyn Tx,
        id: &IncidentId,
        command: &Command,
        actor: &Actor,
        now: Timestamp,
    ) -> StoreResult<Decision> {
        self.ensure_loaded(tx)?;
        let decision = match command {
            Command::Merge { into } => self.merge(tx, id, into, actor, now)?,
            command => self.decide_and_write(tx, id, command, actor, now)?,
        };
        if let Ok(decided) = &decision {
            self.note_command(tx, id, command, actor, &decided.records, now)?;
        }
        Ok(decision)
    }

    /// Does something unless its mark is known. `None` where it is.
    ///
    /// # Errors
    /// The store's; a rejection is in the answer.
    pub fn once(
        &mut self,
        tx: &mut dyn Tx,
        mark: &str,
        what: &Wanted,
        actor: &Actor,
        now: Timestamp,
    ) -> StoreResult<Option<Decision>> {
        if tx.seen_before(mark, now)? {
            return Ok(None);
        }
        Ok(Some(match what {
            Wanted::Open(opening) => self.open(tx, opening.clone(), actor, now)?,
            Wanted::Command(id, command) => self.command(tx, id, command, actor, now)?,
        }))
    }

    /// The version of an incident; `None` where there is none.
    ///
    /// # Errors
    /// The store's.
    pub fn version(&mut self, tx: &mut dyn Tx, id: &IncidentId) -> StoreResult<Option<u64>> {
        self.ensure_loaded(tx)?;
        self.look_at(tx, id, |incident| incident.version)
    }

    fn decide_and_write(
        &mut self,
        tx: &mut dyn Tx,
        id: &IncidentId,
        command: &Command,
        actor: &Actor,
        now: Timestamp,
    ) -> StoreResult<Decision> {
        let mut state = self.take_incident(tx, id)?;
        // A clock that stepped back must not make the record run backwards.
        let now = state.as_ref().map_or(now, |i| now.max(i.last_at));
        let (policy, roster) = (Arc::clone(&self.policy), Arc::clone(&self.roster));
        let cx = Cx::new(now, &policy).with_roster(&roster).with_policy_sha256(&self.policy_sha256);
        let mut effects = Vec::new();
        let each = &mut |after: &Incident, record: &EventRecord| {
            for (ordinal, effect) in incident::effects(after, record).into_iter().enumerate() {
                effects.push((EffectKey::of(&record.incident, record.version, ordinal), effect));
            }
        };
        // The state moves on with the decision; what a refusal leaves is what was there.
        let records = match incident::decide_on(id, &mut state, command, actor, &cx, each) {
            Ok(records) => records,
            Err(rejection) => {
                self.put_back(state);
                return Ok(Err(rejection));
            }
        };
        self.write(tx, state, &records, effects, now)?;
        if matches!(command, Command::Reopen { .. }) && !records.is_empty() {
            self.catch_up(tx, id, now)?;
        }
        Ok(Ok(Decided { incident: id.clone(), records }))
    }

    /// An incident that is over hears nothing of its alerts; one that is open again is told how they stand.
    pub(super) fn catch_up(&mut self, tx: &mut dyn Tx, id: &IncidentId, now: Timestamp) -> StoreResult<()> {
        let Some(incident) = self.incident(tx, id)? else { return Ok(()) };
        let mut turns = Vec::new();
        for (fingerprint, attached) in &incident.alerts {
            if let Some(alert) = tx.alert(fingerprint)?
                && alert.firing != attached.firing
            {
                turns.push(AlertTurn { fingerprint: fingerprint.clone(), firing: alert.firing });
            }
        }
        if !turns.is_empty() {
            // Turns are never rejected.
            let _ = self.decide_and_write(tx, id, &Command::TurnAlerts { turns }, &Actor::System, now)?;
        }
        Ok(())
    }

    /// Both sides of a merge in one transaction, so that no alert is ever without its incident.
    fn merge(
        &mut self,
        tx: &mut dyn Tx,
        from: &IncidentId,
        into: &IncidentId,
        actor: &Actor,
        now: Timestamp,
    ) -> StoreResult<Decision> {
        let Some(source) = self.incident(tx, from)? else {
            return Ok(Err(Rejection::NotFound { incident: from.clone() }));
        };
        if source.merged_into.as_ref() == Some(into) {
            return Ok(Ok(Decided { incident: from.clone(), records: Vec::new() }));
        }
        match self.incident(tx, into)? {
            None => return Ok(Err(Rejection::NotFound { incident: into.clone() })),
            Some(target) if target.status.is_over() => {
                return Ok(Err(Rejection::Invalid {
                    field: "into".to_owned(),
                    why: format!("{into} is {}; reopen it first", target.status.as_str()),
                }));
            }
            // Its title and alerts would be there for everybody to read.
            Some(target) if source.restricted && !target.restricted => {
                return Ok(Err(Rejection::Invalid {
                    field: "into".to_owned(),
                    why: format!("{from} is restricted and {into} is not; merge {into} into {from} instead"),
                }));
            }
            Some(_) => {}
        }
        let alerts: Vec<AttachedAlert> = source
            .alerts
            .values()
            .cloned()
            .map(|mut a| {
                a.why = format!("came with {from}");
                a
            })
            .collect();
        let absorb = Command::Absorb {
            from: from.clone(),
            title: source.title.clone(),
            carried: Box::new(carried(&source)),
            alerts: alerts.clone(),
        };
        // Asked before anything is written: a merge must not be half done.
        if let Some(target) = self.incident(tx, into)? {
            let cx = Cx::new(now.max(target.last_at), &self.policy).with_roster(&self.roster);
            if let Err(rejection) = incident::decide(into, Some(&target), &absorb, actor, &cx) {
                return Ok(Err(rejection));
            }
        }
        let merged = self.decide_and_write(tx, from, &Command::Merge { into: into.clone() }, actor, now)?;
        if merged.as_ref().is_ok_and(|d| !d.records.is_empty()) {
            for attached in &alerts {
                if let Some(mut alert) = tx.alert(&attached.fingerprint)? {
                    alert.incident = Some(into.clone());
                    tx.put_alert(&alert)?;
                }
            }
            if let Err(rejection) = self.decide_and_write(tx, into, &absorb, actor, now)? {
                return Ok(Err(rejection));
            }
        }
        Ok(merged)
    }

    fn write(
        &mut self,
        tx: &mut dyn Tx,
        folded: Option<Incident>,
        records: &[EventRecord],
        effects: Vec<(EffectKey, Effect)>,
        now: Timestamp,
    ) -> StoreResult<()> {
        let Some(last) = records.last() else {
            self.put_back(folded);
            return Ok(());
        };
        tx.append(records)?;
        for (key, effect) in effects {
            tx.outbox_put(&OutboxRow {
                key,
                incident: last.incident.clone(),
                effect,
                state: OutboxState::Waiting,
                attempts: 0,
                next_at: now,
                fence: 0,
                last_error: None,
                created_at: now,
            })?;
        }
        for record in records {
            if let Event::EffectRevived { key } = &record.event
                && let Some(mut row) = tx.outbox_get(key)?
                && row.state == OutboxState::Dead
            {
                row.state = OutboxState::Waiting;
                row.attempts = 0;
                row.next_at = now;
                tx.outbox_update(&row)?;
            }
        }
        if let Some(after) = folded {
            // Of the state that was decided on, not of a fold of what is written: a replay compares the two.
            let proof = Some(incident::Proof::of(&after, &self.policy_sha256));
            tx.put_summary(&Summary { proof, ..Summary::of(&after, last.at) })?;
            tx.timers_replace(&after.id, &incident::timers(&after, &self.policy))?;
            self.keep(after);
        }
        Ok(())
    }
}

/// What an incident takes along into another.
fn carried(source: &Incident) -> Carried {
    let own = (!source.report.is_empty()).then(|| (source.title.clone(), source.report.clone()));
    Carried {
        facts: source.facts.clone(),
        severity: Some(source.severity.clone()),
        services: source.services.clone(),
        reports: own.into_iter().chain(source.reports.iter().cloned()).collect(),
        first_report_at: source.first_report_at,
        impact_started_at: source.impact_started_at,
        responders: source.responders.clone(),
    }
}
