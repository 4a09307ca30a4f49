//! What the process before this one left under way.

use firebell_core::ports::store::{OutboxState, StoreResult, Tx};
use jiff::Timestamp;

use super::state::Machine;

/// Rows looked at. Leases are few and end soon, so that they lie in front; one beyond lapses by itself.
const LOOK: usize = 10_000;

impl Machine {
    /// Gives back every lease: who held them is gone. To be called once when a process starts, before it claims;
    /// otherwise an agent that ran when the process died would be away until its deadline had passed. Each effect
    /// runs again under its key, and a result under the old lease counts no more. Answers how many were given back.
    ///
    /// # Errors
    /// The store's.
    pub fn release_leases(&mut self, tx: &mut dyn Tx, now: Timestamp) -> StoreResult<usize> {
        let mut released = 0;
        for mut row in tx.outbox_due(Timestamp::MAX, LOOK)? {
            if row.state == OutboxState::Leased {
                // It was this process that went away, not the receiver: that attempt does not count.
                row.attempts = row.attempts.saturating_sub(1);
                row.state = OutboxState::Waiting;
                row.next_at = now;
                tx.outbox_update(&row)?;
                released += 1;
            }
        }
        Ok(released)
    }
}
