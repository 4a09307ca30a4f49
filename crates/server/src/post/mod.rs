//! The post office: tells those outside who asked to be told. It follows the record by global position and hands each
//! event to the publishers, who answer what is to be delivered to whom. Deliveries and the place in the record are
//! written in one deed, so that nothing is lost or put in twice. Carriers take what is due to its receivers, again and
//! again where it does not arrive. Once it is taken it may still be sent a second time, after a crash: under the same
//! key, as all effects are.

mod carrier;
mod collect;
mod desk;
mod go;
mod publisher;
pub(crate) mod push;
mod receiver;
mod run;
mod send;
pub(crate) mod webhooks;
mod wire;

pub(crate) use carrier::{Carrier, Sent, answered};
pub(crate) use desk::{Desk, body, documents};
pub(crate) use publisher::{Page, Publisher, delivery};
pub use push::PushDevices;
pub(crate) use receiver::well;
pub use run::{PostOffice, post};
pub(crate) use wire::Wire;

use std::sync::Arc;

use firebell_integrations::webpush::Vapid;

/// What the operator sets.
#[derive(Debug, Clone, Default)]
pub struct PostSettings {
    /// Receivers may be on this machine and in private networks.
    pub allow_private: bool,
    /// Key pair for notifications; without it there are none.
    pub vapid: Option<Arc<Vapid>>,
}
