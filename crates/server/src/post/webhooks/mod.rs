//! Outgoing webhooks: signed posts to systems that asked for them. See docs/reference/webhooks.md.

mod carrier;
mod events;
mod hook;
mod manage;
mod publisher;

pub(super) use carrier::HookCarrier;
pub(crate) use events::FREQUENT;
pub(crate) use hook::{Hook, HookFields};
pub(crate) use manage::{
    create, deliveries, failing, get, list, redeliver, remove, rotate_secret, send_test, update,
};
pub(super) use publisher::HookPublisher;

/// The channel.
pub(crate) const CHANNEL: &str = "webhook";
/// What a test is about.
pub(crate) const TEST: &str = "test";
