//! That a mitigation waits for a go, told in the chats of those who may give it: with buttons where the chat tells of what
//! is pressed, with a link to the incident's page elsewhere. Who reads the incident's room in that chat has
//! it there.

mod carrier;
mod publisher;
#[cfg(test)]
mod tests;

pub(super) use carrier::GoCarrier;
pub(super) use publisher::GoPublisher;

use serde::{Deserialize, Serialize};

/// The channel.
const CHANNEL: &str = "go";

/// What is to be told, and to whom; what it says is made when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Letter {
    incident: String,
    /// Hashes of the plans.
    plans: Vec<String>,
    /// By which notifier.
    notifier: String,
    /// Whom: an address of theirs. Nobody where it is a channel that pages go to.
    person: Option<String>,
    address: Option<String>,
}
