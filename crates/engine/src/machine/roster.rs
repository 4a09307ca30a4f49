//! Who is on call, and what follows when that is changed.

use std::sync::Arc;

use firebell_core::incident::{Actor, Command};
use firebell_core::ports::store::{StoreResult, Tx};
use firebell_oncall::{Roster, Rota};
use jiff::Timestamp;

use super::state::Machine;

impl Machine {
    /// A machine that knows who is on call.
    #[must_use]
    pub fn with_roster(mut self, roster: Arc<Roster>) -> Self {
        self.roster = Arc::new(Rota::new(roster));
        self
    }

    /// Who is on call from now on: whoever is called for an open incident by somebody's shift is looked at again.
    ///
    /// # Errors
    /// The store's.
    pub fn set_roster(&mut self, tx: &mut dyn Tx, roster: Arc<Roster>, now: Timestamp) -> StoreResult<()> {
        self.roster = Arc::new(Rota::new(roster));
        self.ensure_loaded(tx)?;
        let open: Vec<_> = self.open.ids().cloned().collect();
        for id in open {
            // It is never rejected.
            let _ = self.command(tx, &id, &Command::LookAtRoster, &Actor::System, now)?;
        }
        Ok(())
    }
}
