//! `/incidents/{id}`: one incident, live.

mod act;
mod evidence;
mod files;
mod page;
mod tone;
mod view;

pub(super) use act::act;
pub(super) use evidence::evidence;
pub(super) use files::{bundle, invitation, postmortem};
pub(super) use page::{fragment, page, stream};
