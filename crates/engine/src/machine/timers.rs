//! Due timers of incidents, and alerts that lapsed because their sender fell silent.

use firebell_core::incident::{Actor, Command};
use firebell_core::ports::store::{StoreResult, Tx};
use firebell_core::signal::{Signal, SignalState};
use jiff::Timestamp;

use super::state::Machine;

impl Machine {
    /// Fires timers that are due, at most `limit`; answers how many.
    ///
    /// # Errors
    /// The store's.
    pub fn fire_timers(&mut self, tx: &mut dyn Tx, now: Timestamp, limit: usize) -> StoreResult<usize> {
        self.ensure_loaded(tx)?;
        let due = tx.timers_due(now, limit)?;
        for timer in &due {
            let command = Command::FireTimer { key: timer.key.clone() };
            let decided = self.command(tx, &timer.incident, &command, &Actor::System, now)?;
            let stale = decided.as_ref().map_or(true, |d| d.records.is_empty());
            if stale {
                // It no longer holds: write the timers that do, so that it is not found again.
                let left = match self.incident(tx, &timer.incident)? {
                    Some(incident) => {
                        let mut left = firebell_core::incident::timers(&incident, &self.policy);
                        // One that is due and does nothing would be found for ever.
                        left.retain(|key, due| *key != timer.key || *due > now);
                        left
                    }
                    None => std::collections::BTreeMap::new(),
                };
                tx.timers_replace(&timer.incident, &left)?;
            }
        }
        Ok(due.len())
    }

    /// Resolves alerts whose end has passed without a repeat, at most `limit`; answers how many.
    ///
    /// # Errors
    /// The store's.
    pub fn lapse_alerts(&mut self, tx: &mut dyn Tx, now: Timestamp, limit: usize) -> StoreResult<usize> {
        self.ensure_loaded(tx)?;
        let lapsed = tx.lapsed_alerts(now, limit)?;
        let count = lapsed.len();
        let signals: Vec<Signal> = lapsed
            .into_iter()
            .map(|alert| Signal {
                source: alert.source,
                fingerprint: alert.fingerprint,
                state: SignalState::Resolved,
                labels: alert.labels,
                annotations: alert.annotations,
                starts_at: alert.starts_at,
                ends_at: alert.ends_at,
                generator_url: alert.generator_url,
                dedup_key: None,
                group_key: alert.group_key,
            })
            .collect();
        self.take_signals(tx, &signals, now)?;
        Ok(count)
    }
}
