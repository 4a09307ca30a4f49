//! Notifications on people's devices by Web Push: what concerns them, told to the browser maker's push service, which
//! cannot read it.

mod carrier;
mod device;
mod devices;
mod manage;
mod publisher;

pub(super) use carrier::PushCarrier;
pub(crate) use device::Device;
pub use devices::PushDevices;
pub(crate) use manage::{NewDevice, add, of_person, people, remove, send_test, set_news};
pub(super) use publisher::PushPublisher;

/// The channel.
pub(crate) const CHANNEL: &str = "push";
/// What it is about where somebody is called.
pub(super) const CALL: &str = "call";
/// What a test is about.
pub(super) const TEST: &str = "test";
