//! Issues of action items in a tracker outside: Linear, GitHub. Which tracker is policy's
//! ([`crate::policy::ItemTracker`]); what became of an issue is in the record. Status goes both ways: what is done here
//! is closed there, what is closed there is done here. What came from there is not sent back.

mod apply;
mod decide;
mod effect;
mod event;
mod finish;
mod state;
mod words;

pub(super) use apply::apply;
pub(super) use decide::{effects, file, news};
pub use effect::IssueEffect;
pub use event::{IssueEvent, IssueNews};
pub(super) use finish::finish;
pub use state::{Issue, Tracking};
pub(super) use words::words;
