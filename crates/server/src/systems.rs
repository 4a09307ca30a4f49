//! The systems that Firebell is configured with, for the settings page: asked whether they work, and told to say
//! something.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use firebell_core::effect::Outcome;
use firebell_core::ports::chat::{Bridges, ChatRooms};
use firebell_core::ports::notifier::{Message, Notifier};
use firebell_core::ports::platform::Platform;
use firebell_core::ports::telemetry::TelemetrySource;
use firebell_core::ports::tracker::Tracker;
use firebell_core::ports::{BoxFuture, Health};
use firebell_oncall::check::Means;
use firebell_oncall::model::ContactKind;
use futures_util::future::join_all;

/// A system that does not answer in this time does not work.
const PATIENCE: Duration = Duration::from_secs(8);

/// All of them.
#[derive(Clone, Default)]
pub struct Systems {
    /// Metrics, logs, traces, changes.
    pub telemetry: Vec<Arc<dyn TelemetrySource>>,
    /// What mitigations act on.
    pub platforms: Vec<Arc<dyn Platform>>,
    /// Channels.
    pub notifiers: Vec<Arc<dyn Notifier>>,
    /// By which of them each kind of contact is reached.
    pub by_contact: BTreeMap<ContactKind, String>,
    /// Chats that open rooms.
    pub chats: Vec<Arc<dyn ChatRooms>>,
    /// Video bridges.
    pub bridges: Vec<Arc<dyn Bridges>>,
    /// Trackers of action items.
    pub trackers: Vec<Arc<dyn Tracker>>,
}

/// What one is, and how it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) role: &'static str,
    pub(crate) health: Health,
    /// A test message can be sent by it.
    pub(crate) speaks: bool,
}

impl Systems {
    /// What the roster's contacts and channels lead to, by all that is configured; `with_device` are people who have one.
    pub(crate) fn means(&self, with_device: BTreeSet<String>) -> Means {
        Means {
            kinds: self.by_contact.keys().copied().collect(),
            channels: Some(self.notifiers.iter().map(|n| n.name().to_owned()).collect()),
            with_device: Some(with_device),
        }
    }

    /// Asks all, at once.
    pub(crate) async fn check(&self) -> Vec<Checked> {
        let telemetry = self.telemetry.iter().map(|t| asked("telemetry", t.name(), t.health(), false));
        let platforms = self
            .platforms
            .iter()
            .map(|p| asked("platform", Platform::name(p.as_ref()), Platform::health(p.as_ref()), false));
        let notifiers = self.notifiers.iter().map(|n| asked("channel", n.name(), n.health(), true));
        let chats = self.chats.iter().map(|c| asked("rooms", c.name(), c.health(), false));
        let bridges = self.bridges.iter().map(|b| asked("bridge", b.name(), b.health(), false));
        let trackers = self.trackers.iter().map(|t| asked("tracker", t.name(), t.health(), false));
        let outside = telemetry.chain(platforms).chain(notifiers);
        let all: Vec<BoxFuture<'_, Checked>> = outside.chain(chats).chain(bridges).chain(trackers).collect();
        join_all(all).await
    }

    /// Sends a test message by a channel.
    ///
    /// # Errors
    /// Why it did not go out.
    pub(crate) async fn say(&self, name: &str, by: &str, link: &str) -> Result<(), String> {
        let notifier = self
            .notifiers
            .iter()
            .find(|n| n.name() == name)
            .ok_or_else(|| "there is no channel of that name".to_owned())?;
        let message = Message {
            key: format!("test-{}", hex::encode(rand::random::<[u8; 8]>())),
            incident: "test".to_owned(),
            audience: "internal".to_owned(),
            subject: "Test message of Firebell".to_owned(),
            body: format!("{by} pressed the test button. This channel works; nothing else has happened."),
            to: Vec::new(),
            link: link.to_owned(),
            ..Message::default()
        };
        match tokio::time::timeout(PATIENCE, notifier.send(&message)).await {
            Ok(Outcome::Done { .. }) => Ok(()),
            Ok(Outcome::Retry { reason, .. } | Outcome::Permanent { reason }) => Err(reason),
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }
}

fn asked<'a>(
    role: &'static str,
    name: &'a str,
    health: BoxFuture<'a, Health>,
    speaks: bool,
) -> BoxFuture<'a, Checked> {
    Box::pin(async move {
        let health = tokio::time::timeout(PATIENCE, health).await.unwrap_or_else(|_| Health {
            name: name.to_owned(),
            ok: false,
            detail: format!(
                "no answer within {} s: is it running, and reachable from here?",
                PATIENCE.as_secs()
            ),
        });
        Checked { role, health, speaks }
    })
}
