//! One file per kind of effect: how it is carried out through the ports. Every one of them may run again under the
//! same key.

mod act;
mod agent;
mod archive;
mod issues;
mod page;
mod reach;
mod rehearse;
mod rooms;
mod send;
mod throttle;
mod update;

use std::collections::BTreeMap;
use std::sync::Arc;

use firebell_core::effect::{Effect, Outcome};
use firebell_core::ids::IncidentId;
use firebell_core::incident::{EventRecord, Incident};
use firebell_core::policy::Policy;
use firebell_core::ports::BoxFuture;
use firebell_core::ports::agent::AgentRunner;
use firebell_core::ports::notifier::Notifier;
use firebell_core::ports::platform::Platform;
use firebell_core::ports::tracker::Tracker;
use firebell_oncall::model::ContactKind;
use firebell_report::Templates;
use jiff::Timestamp;

use crate::ack::AckKeys;
use crate::handle::Clock;
use crate::machine::{Claimed, EffectResult};

pub(crate) use issues::actor;
pub use rooms::{Accounts, RoomSystems};
pub use throttle::Throttle;

/// Writes what outlives an incident: the evidence bundle and the postmortem.
pub trait Archive: Send + Sync {
    /// Writes the bundle; `Done.data` is `{"path"}`.
    fn bundle(&self, incident: Incident) -> BoxFuture<'_, Outcome>;

    /// Writes the postmortem; `Done.data` is `{"markdown", "html"}`, both paths.
    fn postmortem(&self, incident: Incident, records: Vec<EventRecord>) -> BoxFuture<'_, Outcome>;
}

/// How far a call has come that goes to a person's devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// They have no device.
    NoDevice,
    /// It is on its way.
    Waiting,
    /// A push service took it, which is as much as one can know.
    Taken,
    /// Every push service refused it; why, in words.
    Refused(String),
}

/// The devices that people registered for notifications. They are sent to by whoever follows the record; here it only
/// matters what became of it.
pub trait Devices: Send + Sync {
    /// How far the calls of a person have come that were made for an incident since `asked_at`.
    ///
    /// # Errors
    /// The store's, in words.
    fn heard(&self, person: &str, incident: &IncidentId, asked_at: Timestamp) -> Result<Heard, String>;
}

/// Nobody has one.
pub struct NoDevices;

impl Devices for NoDevices {
    fn heard(&self, _: &str, _: &IncidentId, _: Timestamp) -> Result<Heard, String> {
        Ok(Heard::NoDevice)
    }
}

/// Everything that effects reach the world by.
pub struct Executor {
    /// Agents.
    pub agents: Arc<dyn AgentRunner>,
    /// Notifiers by channel name.
    pub notifiers: BTreeMap<String, Arc<dyn Notifier>>,
    /// Platforms.
    pub platforms: Vec<Arc<dyn Platform>>,
    /// Chats that open rooms, and bridges.
    pub rooms: RoomSystems,
    /// Trackers of action items, by name.
    pub trackers: BTreeMap<String, Arc<dyn Tracker>>,
    /// Archive.
    pub archive: Arc<dyn Archive>,
    /// Committed state.
    pub reader: Arc<dyn firebell_core::ports::store::Reader>,
    /// Templates of updates.
    pub templates: Arc<Templates>,
    /// Policy.
    pub policy: Arc<Policy>,
    /// Clock.
    pub clock: Clock,
    /// By which notifier people's own contacts are reached, by kind.
    pub by_contact: BTreeMap<ContactKind, String>,
    /// The devices that people registered for notifications.
    pub devices: Arc<dyn Devices>,
    /// Keeps a storm of pages from becoming a storm of calls.
    pub throttle: Throttle,
    /// Makes what pages are acknowledged by.
    pub ack_keys: AckKeys,
}

impl Executor {
    /// Carries one effect out.
    pub async fn run(&self, claimed: Claimed) -> EffectResult {
        let key = claimed.row.key.clone();
        let incident = claimed.incident;
        match claimed.row.effect {
            Effect::RunAgent { run, agent, task } => agent::run(self, incident, run, agent, task).await,
            Effect::DraftUpdate { audience, reason, ahead } => {
                update::draft(self, &incident, audience, reason, ahead)
            }
            Effect::Send { update, channel } => {
                let again = claimed.row.attempts > 1;
                only(send::send(self, &incident, &key, update, &channel, again).await)
            }
            Effect::Page { person, channel, text } => {
                let asked_at = claimed.row.created_at;
                only(page::page(self, &incident, &key, asked_at, &person, &channel, &text).await)
            }
            Effect::Reach(reach) => reach::reach(self, &incident, &key, claimed.row.created_at, &reach).await,
            Effect::Announce { channel, text } => {
                only(page::announce(self, &incident, &key, &channel, &text).await)
            }
            Effect::Act { plan, step, inverse } => {
                only(act::act(self, &incident, &key, &plan, step, inverse).await)
            }
            Effect::ArchiveBundle => only(self.archive.bundle(incident).await),
            Effect::WritePostmortem if issues::are_coming(&incident, (self.clock)()) => issues::later(),
            Effect::WritePostmortem => only(archive::postmortem(self, incident).await),
            Effect::Room(effect) => rooms::run(self, &incident, &key, claimed.row.fence > 1, &effect).await,
            Effect::Issue(effect) => {
                // Attempts are counted anew after a restart and where a person asks again; leases are not.
                issues::run(self, &incident, &key, claimed.row.fence > 1, &effect).await
            }
        }
    }
}

fn only(outcome: Outcome) -> EffectResult {
    EffectResult { outcome, commands: Vec::new(), held: false }
}

/// Done, with nothing to tell.
fn done(detail: &str) -> Outcome {
    Outcome::Done { detail: detail.to_owned(), data: serde_json::Value::Null }
}

/// Where people read about an incident: its room, or its page before the room is open.
fn link(executor: &Executor, incident: &Incident) -> String {
    let base = executor.policy.public_url.trim_end_matches('/');
    match &incident.war_room {
        Some(room) => room.clone(),
        None if base.is_empty() => String::new(),
        None => format!("{base}/incidents/{}", incident.id),
    }
}
