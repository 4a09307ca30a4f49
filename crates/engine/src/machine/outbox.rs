//! The outbox: leases with fences, retry with backoff, dead letters.

use firebell_core::effect::{Effect, Outcome};
use firebell_core::ids::{EffectKey, Fingerprint};
use firebell_core::incident::{Actor, Command, Incident};
use firebell_core::ports::store::{OutboxRow, OutboxState, StoreResult, Tx};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::EffectResult;
use super::state::Machine;
use crate::pulse::{Delivered, is_page};

/// Alerts of an incident that are asked for the signal that opened it.
const ASKED_ALERTS: usize = 16;
/// Seconds that a worker has for an effect that is not an agent's run; one that is still at work renews it.
const LEASE_S: i64 = 60;
/// Seconds beyond an agent's deadline before its lease lapses.
const AGENT_GRACE_S: i64 = 15;
/// Attempts at something in a room or a tracker, and at an update: at the default distances of retries about a day.
const MAX_ROOM_ATTEMPTS: u32 = 300;
/// Attempts at an action in production before it counts as failed: people wait for it.
const MAX_ACT_ATTEMPTS: u32 = 4;

/// Attempts at one contact of a person before the next contact is tried: within the minute.
const MAX_REACH_ATTEMPTS: u32 = 3;
/// A contact that is to be tried later than that is given up for the next.
const MAX_REACH_WAIT_S: i64 = 15;

/// An effect that was leased, with the incident as it stands.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The row, with the lease's fence.
    pub row: OutboxRow,
    /// The incident.
    pub incident: Incident,
}

impl Machine {
    /// Leases due effects, at most `limit`.
    ///
    /// # Errors
    /// The store's.
    pub fn claim(&mut self, tx: &mut dyn Tx, now: Timestamp, limit: usize) -> StoreResult<Vec<Claimed>> {
        let due = tx.outbox_due(now, limit)?;
        self.lease(tx, now, due)
    }

    /// The same, of those only that call people.
    ///
    /// # Errors
    /// The store's.
    pub fn claim_calls(
        &mut self,
        tx: &mut dyn Tx,
        now: Timestamp,
        limit: usize,
    ) -> StoreResult<Vec<Claimed>> {
        let due = tx.outbox_due_calls(now, limit)?;
        self.lease(tx, now, due)
    }

    fn lease(&mut self, tx: &mut dyn Tx, now: Timestamp, due: Vec<OutboxRow>) -> StoreResult<Vec<Claimed>> {
        self.ensure_loaded(tx)?;
        let mut claimed = Vec::new();
        for mut row in due {
            let Some(incident) = self.incident(tx, &row.incident)? else { continue };
            // Only a lease that lapsed comes here with all attempts spent: whoever had it never answered.
            if row.attempts >= self.attempts_of(&row.effect) {
                row.fence += 1;
                let reason = format!(
                    "given up after {} attempts: none was answered before its lease ended",
                    row.attempts
                );
                self.conclude(tx, row, Outcome::Permanent { reason }, &[], now)?;
                continue;
            }
            row.state = OutboxState::Leased;
            row.attempts += 1;
            row.fence += 1;
            row.next_at = plus(now, lease_s(&row.effect, &incident, now));
            tx.outbox_update(&row)?;
            claimed.push(Claimed { row, incident });
        }
        Ok(claimed)
    }

    /// Records what came of a leased effect; a result under an older fence is dropped. Answers whether it counted.
    ///
    /// # Errors
    /// The store's.
    pub fn finish(
        &mut self,
        tx: &mut dyn Tx,
        key: &EffectKey,
        fence: u64,
        result: &EffectResult,
        now: Timestamp,
    ) -> StoreResult<bool> {
        self.ensure_loaded(tx)?;
        let Some(mut row) = tx.outbox_get(key)? else { return Ok(false) };
        if row.fence != fence || row.state != OutboxState::Leased {
            return Ok(false);
        }
        let limit = self.attempts_of(&row.effect);
        let final_outcome = match &result.outcome {
            Outcome::Retry { reason, after_s } if result.held => {
                row.attempts = row.attempts.saturating_sub(1);
                row.state = OutboxState::Waiting;
                row.next_at = plus_s(now, f64::from(after_s.unwrap_or(1)));
                row.last_error = Some(reason.clone());
                tx.outbox_update(&row)?;
                return Ok(true);
            }
            // Who has another contact is not kept waiting for the one that fails.
            Outcome::Retry { reason, after_s: Some(s) }
                if matches!(row.effect, Effect::Reach(_)) && i64::from(*s) > MAX_REACH_WAIT_S =>
            {
                Outcome::Permanent { reason: format!("{reason}; the channel asks to wait for {s} s") }
            }
            Outcome::Retry { reason, after_s } if row.attempts < limit => {
                let backoff = self.policy.retry.delay_s(row.attempts, jitter(key, row.attempts));
                let delay = after_s.map_or(backoff, |s| f64::from(s).max(backoff));
                row.state = OutboxState::Waiting;
                row.next_at = plus_s(now, delay);
                row.last_error = Some(reason.clone());
                tx.outbox_update(&row)?;
                return Ok(true);
            }
            Outcome::Retry { reason, .. } => {
                Outcome::Permanent { reason: format!("given up after {} attempts: {reason}", row.attempts) }
            }
            other => other.clone(),
        };
        self.conclude(tx, row, final_outcome, &result.commands, now)?;
        Ok(true)
    }

    /// How long an effect took that has just been done; `None` where it was not.
    ///
    /// # Errors
    /// The store's.
    pub fn delivered(
        &mut self,
        tx: &mut dyn Tx,
        key: &EffectKey,
        now: Timestamp,
    ) -> StoreResult<Option<Delivered>> {
        let Some(row) = tx.outbox_get(key)?.filter(|row| row.state == OutboxState::Done) else {
            return Ok(None);
        };
        let since = |at: Timestamp| now.duration_since(at).try_into().unwrap_or_default();
        let mut heard = None;
        if is_page(&row.effect) {
            let opened = self.look_at(tx, &row.incident, |i| {
                let first =
                    i.paged_at.is_some_and(|at| at.as_microsecond() == row.created_at.as_microsecond());
                let alerts = i.alerts.keys().take(ASKED_ALERTS).cloned().collect::<Vec<_>>();
                first.then_some((alerts, i.opened_at))
            })?;
            if let Some((alerts, opened_at)) = opened.flatten() {
                heard = Some(since(heard_at(tx, &alerts, opened_at)?));
            }
        }
        Ok(Some(Delivered { kind: row.effect.kind(), asked: since(row.created_at), heard }))
    }

    /// Renews the lease of an effect that is still at work. Answers whether the lease was still held.
    ///
    /// # Errors
    /// The store's.
    pub fn renew(
        &mut self,
        tx: &mut dyn Tx,
        key: &EffectKey,
        fence: u64,
        now: Timestamp,
    ) -> StoreResult<bool> {
        let Some(mut row) = tx.outbox_get(key)? else { return Ok(false) };
        if row.fence != fence || row.state != OutboxState::Leased {
            return Ok(false);
        }
        row.next_at = row.next_at.max(plus(now, LEASE_S));
        tx.outbox_update(&row)?;
        Ok(true)
    }

    /// Attempts at an effect before it counts as failed.
    fn attempts_of(&self, effect: &Effect) -> u32 {
        match effect {
            // A channel, chat or tracker that is down for hours gets what waited when it is back; nobody is held up by it.
            Effect::Room(_) | Effect::Issue(_) | Effect::Send { .. } => {
                MAX_ROOM_ATTEMPTS.max(self.policy.retry.max_attempts)
            }
            Effect::Act { .. } => MAX_ACT_ATTEMPTS.min(self.policy.retry.max_attempts),
            Effect::Reach(_) => MAX_REACH_ATTEMPTS.min(self.policy.retry.max_attempts),
            _ => self.policy.retry.max_attempts,
        }
    }

    /// The last word on an effect: the row, what it reported, and the outcome.
    fn conclude(
        &mut self,
        tx: &mut dyn Tx,
        mut row: OutboxRow,
        outcome: Outcome,
        commands: &[Command],
        now: Timestamp,
    ) -> StoreResult<()> {
        let key = row.key.clone();
        match &outcome {
            Outcome::Done { .. } => row.state = OutboxState::Done,
            Outcome::Permanent { reason } | Outcome::Retry { reason, .. } => {
                row.state = OutboxState::Dead;
                row.last_error = Some(reason.clone());
            }
        }
        row.next_at = now;
        tx.outbox_update(&row)?;
        let actor = match &row.effect {
            Effect::RunAgent { agent, .. } => Actor::Agent { name: agent.clone() },
            Effect::DraftUpdate { .. } => Actor::Agent { name: "incident-responder".to_owned() },
            _ => Actor::System,
        };
        for command in commands {
            if let Err(rejection) = self.command(tx, &row.incident, command, &actor, now)? {
                tracing::warn!(effect.key = %key, %rejection, "a result was rejected by the incident {}", row.incident);
            }
        }
        let finish = Command::FinishEffect { key: key.clone(), effect: row.effect.clone(), outcome };
        if let Err(rejection) = self.command(tx, &row.incident, &finish, &Actor::System, now)? {
            tracing::warn!(effect.key = %key, %rejection, "the outcome was rejected by the incident {}", row.incident);
        }
        Ok(())
    }
}

fn lease_s(effect: &Effect, incident: &Incident, now: Timestamp) -> i64 {
    match effect {
        Effect::RunAgent { run, .. } => incident
            .runs
            .get(run)
            .map_or(LEASE_S, |r| r.deadline.duration_since(now).as_secs().max(0) + AGENT_GRACE_S),
        _ => LEASE_S,
    }
}

/// A draw in 0..1 that is the same for the same attempt: spread over keys, reproducible in a simulation.
fn jitter(key: &EffectKey, attempt: u32) -> f64 {
    let digest = Sha256::digest(format!("{key}:{attempt}"));
    f64::from(u16::from_be_bytes([digest[0], digest[1]])) / f64::from(u16::MAX)
}

fn plus(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

fn plus_s(at: Timestamp, seconds: f64) -> Timestamp {
    at.checked_add(SignedDuration::from_millis((seconds * 1000.0) as i64)).unwrap_or(Timestamp::MAX)
}

/// When the signal was received that opened an incident: the last that fired before. Of one that a person declared, when
/// they did.
fn heard_at(tx: &mut dyn Tx, alerts: &[Fingerprint], opened_at: Timestamp) -> StoreResult<Timestamp> {
    let mut heard = None;
    for fingerprint in alerts {
        let turns = tx.alert(fingerprint)?.map(|alert| alert.turns).unwrap_or_default();
        heard = heard.max(turns.into_iter().filter(|at| *at <= opened_at).max());
    }
    Ok(heard.unwrap_or(opened_at))
}
