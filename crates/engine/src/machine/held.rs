//! Firing alerts that have no incident that goes on: held for now, or whose incident is over. None of them is forgotten
//! while it fires.

use std::collections::BTreeMap;
use std::ops::Bound;

use firebell_core::alert::Alert;
use firebell_core::ids::{Fingerprint, IncidentId};
use firebell_core::incident::{Actor, AlertTurn, Command, Status};
use firebell_core::intake;
use firebell_core::ports::store::{StoreResult, Tx};
use jiff::{SignedDuration, Timestamp};

use super::drain::Pending;
use super::state::{Machine, REMEMBERED_ALERTS};

/// What an alert means to the incident that it belonged to, which is over.
enum Back {
    /// News: it is placed anew.
    News,
    /// The incident's late or flapping tail: it is looked at again until it stops or is news.
    Tail,
    /// The incident was cosmetic and is a ticket in the backlog, which the alert fires on behind.
    Filed,
    /// The incident was opened again by it.
    Reopened,
    /// The incident goes on in another, and the alert with it.
    GoesOn(IncidentId),
}

impl Machine {
    /// Finds out what a firing alert means whose incident is over.
    pub(super) fn take_back(
        &mut self,
        tx: &mut dyn Tx,
        alert: &mut Alert,
        fired: bool,
        pending: &mut BTreeMap<IncidentId, Pending>,
        now: Timestamp,
    ) -> StoreResult<()> {
        let Some(id) = alert.incident.clone() else { return Ok(()) };
        match self.comes_back(tx, &id, alert, fired, now)? {
            Back::Tail => self.hold(alert),
            Back::Filed => {
                self.held.remove(&alert.fingerprint);
            }
            Back::Reopened => {
                self.held.remove(&alert.fingerprint);
                let policy = &self.policy;
                self.open.change(&id, |open| {
                    open.last_signal_at = now;
                    open.remember(&alert.labels, alert.group_key.as_deref(), policy);
                });
                let pending = pending.entry(id).or_default();
                pending.reopened = true;
                pending.turns.push(AlertTurn { fingerprint: alert.fingerprint.clone(), firing: true });
            }
            Back::GoesOn(into) => {
                self.held.remove(&alert.fingerprint);
                let why = format!("belonged to {id}, which goes on here");
                self.attach(alert, into, why, pending, now);
            }
            Back::News => {
                alert.incident = None;
                self.find_place(tx, alert, pending, now)?;
            }
        }
        Ok(())
    }

    pub(super) fn hold(&mut self, alert: &Alert) {
        if self.held.len() < REMEMBERED_ALERTS {
            self.held.insert(alert.fingerprint.clone());
        }
    }

    /// Looks at held alerts again, at most `limit` of them, round and round; answers how many found a place. What held
    /// them (a silence, an inhibiting alert, damping) may be over without any signal of theirs.
    ///
    /// # Errors
    /// The store's.
    pub fn look_at_held(&mut self, tx: &mut dyn Tx, now: Timestamp, limit: usize) -> StoreResult<usize> {
        self.ensure_loaded(tx)?;
        self.silences.forget_ended(now);
        let from = self.looked_at.take().map_or(Bound::Unbounded, Bound::Excluded);
        let round: Vec<Fingerprint> =
            self.held.range((from, Bound::Unbounded)).take(limit).cloned().collect();
        self.looked_at = round.last().filter(|_| round.len() == limit).cloned();
        let mut placed = 0;
        let mut pending: BTreeMap<IncidentId, Pending> = BTreeMap::new();
        for fingerprint in round {
            let Some(mut alert) = tx.alert(&fingerprint)?.filter(|a| a.firing && !self.has_place(a)) else {
                self.held.remove(&fingerprint);
                continue;
            };
            let before = (alert.silenced_by.clone(), alert.inhibited_by.clone(), alert.incident.clone());
            if alert.incident.is_some() {
                self.take_back(tx, &mut alert, false, &mut pending, now)?;
            } else {
                self.find_place(tx, &mut alert, &mut pending, now)?;
            }
            placed += usize::from(self.has_place(&alert));
            if (&before.0, &before.1, &before.2) != (&alert.silenced_by, &alert.inhibited_by, &alert.incident)
            {
                tx.put_alert(&alert)?;
            }
        }
        self.pass_on(tx, pending, now)?;
        Ok(placed)
    }

    /// Whether it belongs to an incident that goes on.
    fn has_place(&self, alert: &Alert) -> bool {
        alert.incident.as_ref().is_some_and(|id| self.open.contains(id))
    }

    /// An alert of an incident that is over fires again, or still. `fired`: it does so since just now.
    fn comes_back(
        &mut self,
        tx: &mut dyn Tx,
        id: &IncidentId,
        alert: &Alert,
        fired: bool,
        now: Timestamp,
    ) -> StoreResult<Back> {
        let Some(mut ended) = self.ended(tx, id)? else { return Ok(Back::News) };
        let merged = ended.merged_into.is_some();
        // A merge carries alerts along, but not those beyond what an incident keeps. Merges make no circle: what was
        // merged takes nothing over any more.
        while let Some(into) = ended.merged_into.clone() {
            if self.open.contains(&into) {
                return Ok(Back::GoesOn(into));
            }
            let Some(next) = self.ended(tx, &into)? else { return Ok(Back::News) };
            ended = next;
        }
        if intake::is_flapping(alert, &self.policy.correlation, now) {
            return Ok(Back::Tail);
        }
        let rules = &self.policy.correlation;
        let again = fired || alert.turns.last().is_some_and(|turned| *turned > ended.at);
        if ended.filed && !again {
            return Ok(Back::Filed);
        }
        let for_s = match ended.status {
            // Somebody said that it is nothing; that holds for the alert as it stood then.
            Status::Cancelled | Status::ClosedHealthy if !again => rules.cancelled_s.max(rules.late_s),
            _ => rules.late_s,
        };
        let since = now.duration_since(ended.at);
        let late = since <= SignedDuration::from_secs(for_s);
        let resolved = ended.status == Status::Resolved && !merged;
        // One that fires anew long after is another story; one that never stopped was not resolved.
        if !resolved || late != again {
            return Ok(if late { Back::Tail } else { Back::News });
        }
        let reason = if again {
            format!("{} fires again within {for_s} s of the all-clear", alert.name())
        } else {
            format!("{} still fires {} s after the all-clear", alert.name(), since.as_secs())
        };
        Ok(match self.command(tx, id, &Command::Reopen { reason }, &Actor::System, now)? {
            Ok(_) => Back::Reopened,
            Err(_) if late => Back::Tail,
            Err(_) => Back::News,
        })
    }
}
