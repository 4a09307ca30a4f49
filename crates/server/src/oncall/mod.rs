//! On call: the roster of the configuration, with the replacements that people entered, and calendars that they
//! subscribe to. Who is on is computed by `firebell-oncall`; nothing is kept of it.

mod configured;
mod feeds;
mod kept;
mod manage;
mod whom;

pub use configured::{Configured, RosterFiles, follow_roster};
pub(crate) use feeds::{Feed, feeds, make_feed, remove_feed, serve_feed};
pub(crate) use kept::Kept;
pub use manage::roster_in_force;
pub(crate) use manage::{add, list, remove, replacement, roster};
pub(crate) use whom::{hand_to, target};
