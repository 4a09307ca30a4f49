//! Escalations: a pure state machine. [`decide`] takes a command and says what happened, as events; [`Escalation::apply`]
//! folds them. Who is on call is written into the events, so folding them again needs no schedule.
//!
//! What the shell does:
//! 1. [`decide`] for each command; write the events; apply them.
//! 2. For each [`Event::Attempted`]: send to that contact, under [`Attempt::key`] of it; for each [`Event::Announced`]:
//!    post to that channel. When an attempt fails for good: [`Command::Failed`].
//! 3. Keep [`Escalation::deadline`]; when it comes: [`Command::Tick`]. Ticks at other times change nothing.
//! 4. When schedules, people or roles were changed: [`Command::Look`] to all that run.
//!
//! What holds, always:
//! - Steps are entered one after the other. One that reaches nobody is entered, recorded and left at once.
//! - While it runs, everybody whom the entered steps of this round mean at that moment is paged; who goes off call before
//!   they acknowledge is no longer paged, and who comes on call is.
//! - At most one page of a person is open; each of its attempts is made once.

mod apply;
mod command;
mod cx;
mod decide;
mod event;
mod paging;
mod settle;
mod state;
#[cfg(test)]
mod tests;

pub use command::{Command, HandTo, Refused};
pub use cx::Cx;
pub use decide::decide;
pub use event::{Event, Why};
pub use state::{Attempt, AttemptState, Call, CallKind, Escalation, Page, Phase};
