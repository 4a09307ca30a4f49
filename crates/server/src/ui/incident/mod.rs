//! `/incidents/{id}`: one incident, live.

mod act;
mod files;
mod page;
mod view;

pub(super) use act::act;
pub(super) use files::{bundle, invitation, postmortem};
pub(super) use page::{fragment, page, stream};
