//! The engine without I/O of its own: every input is one call inside one transaction of the store. The writer thread
//! drives it in production, the simulation drives it with a virtual clock.

mod commit;
mod drain;
mod fresh;
mod held;
mod office;
mod outbox;
mod restart;
mod roster;
mod state;
mod timers;

pub use office::events_sha256;
pub use outbox::Claimed;
pub use state::Machine;

use firebell_core::ids::IncidentId;
use firebell_core::incident::{Command, EventRecord, Rejection};

/// What came of a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// Which incident.
    pub incident: IncidentId,
    /// What happened; empty for a repeated or stale command.
    pub records: Vec<EventRecord>,
}

/// A command's answer: what happened, or why nothing did.
pub type Decision = Result<Decided, Rejection>;

/// What the executor of an effect hands back, all recorded in one transaction with the effect's outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectResult {
    /// How it went.
    pub outcome: firebell_core::effect::Outcome,
    /// What follows: an agent's report, a drafted update.
    pub commands: Vec<Command>,
    /// Nothing was tried yet, for a reason of our own: where the outcome is to try later, that is no attempt.
    pub held: bool,
}
