//! Scheduled maintenance: announced by people, begun and ended by the clock unless they say otherwise.

mod kept;
mod manage;
mod public;

pub(crate) use kept::{Maintenance, Stage};
pub(crate) use manage::{Plan, cancel, complete, components, list, post, schedule, services, set_times};
pub(super) use public::PublicMaintenance;
