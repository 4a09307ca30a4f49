//! What people answer by channels, and what becomes of it: `POST /hooks/KIND/NAME`. A request is checked and read by its
//! channel's parser; whose account it is and what they may do is looked up here; what they want becomes the command that
//! the API would give. Providers get their answer within three seconds, whatever the store does.

mod carry;
mod follow;
mod grammar;
#[cfg(test)]
mod issue_tests;
mod pages;
mod people;
mod place;
mod receive;
#[cfg(test)]
mod room_tests;
mod say;
mod spool;
mod take;
#[cfg(test)]
mod tests;
mod twice;
mod wish;
mod words;

pub(crate) use follow::follow;
pub(crate) use pages::{answered, with};
pub(crate) use people::acting;
pub(crate) use receive::routes;
pub(crate) use take::resume;
pub(crate) use twice::Presses;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use firebell_integrations::replies::Receiver;
use firebell_integrations::trackers::IssueHook;

/// The channels that are answered over HTTP, and the trackers that tell of their issues.
#[derive(Clone)]
pub struct Channels {
    receivers: BTreeMap<String, Arc<dyn Receiver>>,
    issues: BTreeMap<String, Arc<dyn IssueHook>>,
    /// How long a request waits for what comes of it; then it is told that it will be done.
    pub patience: Duration,
}

impl Default for Channels {
    fn default() -> Self {
        Self::new([])
    }
}

impl Channels {
    /// Of what reads them, each under its name: `slack/ops`.
    pub fn new(receivers: impl IntoIterator<Item = Arc<dyn Receiver>>) -> Self {
        let receivers = receivers.into_iter().map(|r| (r.name().to_owned(), r)).collect();
        // Providers wait three seconds.
        Self { receivers, issues: BTreeMap::new(), patience: Duration::from_secs(2) }
    }

    /// With what reads the webhooks of trackers, each under its name: `linear/eng`.
    #[must_use]
    pub fn with_issues(mut self, hooks: impl IntoIterator<Item = Arc<dyn IssueHook>>) -> Self {
        self.issues = hooks.into_iter().map(|hook| (hook.name().to_owned(), hook)).collect();
        self
    }

    /// What reads a tracker's webhooks.
    fn issues(&self, name: &str) -> Option<&Arc<dyn IssueHook>> {
        self.issues.get(name)
    }

    /// What reads a channel.
    fn receiver(&self, name: &str) -> Option<&Arc<dyn Receiver>> {
        self.receivers.get(name)
    }
}
