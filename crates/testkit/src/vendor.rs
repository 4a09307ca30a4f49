//! The outside world: receivers that keep idempotency keys, and fail as vendors do. What reached them is remembered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firebell_core::agent::{AgentFailure, AgentReport};
use firebell_core::effect::Outcome;
use firebell_core::incident::{EventRecord, Incident};
use firebell_core::ports::agent::{AgentInput, AgentRunner};
use firebell_core::ports::notifier::{Message, Notifier};
use firebell_core::ports::platform::{ActionRequest, Platform, ServiceState, SmokeCheck};
use firebell_core::ports::telemetry::QueryError;
use firebell_core::ports::{BoxFuture, Health};
use firebell_engine::effects::Archive;
use serde_json::{Value, json};

use crate::agents;
use crate::dice::Dice;

/// What all fakes share.
#[derive(Debug, Default)]
struct Inner {
    /// Key to what was done under it: once, however often it was asked for.
    done: BTreeMap<String, String>,
    requests: u64,
    broken: Vec<String>,
    dice: Option<Dice>,
}

/// The outside world; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Vendor {
    inner: Arc<Mutex<Inner>>,
}

impl Vendor {
    /// From now on it behaves at random by this seed; well where there is none.
    pub fn mood(&self, seed: Option<u64>) {
        self.lock().dice = seed.map(Dice::new);
    }

    /// What was done under a key.
    pub fn done(&self, key: &str) -> Option<String> {
        self.lock().done.get(key).cloned()
    }

    /// The first thing that was done under a key that `asked` does not know: key and what.
    pub fn unasked(&self, asked: impl Fn(&str) -> bool) -> Option<(String, String)> {
        let inner = self.lock();
        inner.done.iter().find(|(key, _)| !asked(key)).map(|(key, what)| (key.clone(), what.clone()))
    }

    /// Requests, repeats counted.
    pub fn requests(&self) -> u64 {
        self.lock().requests
    }

    /// What a receiver saw that it must never see.
    pub fn broken(&self) -> Option<String> {
        self.lock().broken.first().cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request under a key: done once, or not at all, and what the sender hears of it.
    fn take(&self, key: &str, what: String, data: Value) -> Outcome {
        let mut inner = self.lock();
        inner.requests += 1;
        let lot = inner.dice.as_mut().map_or(99, |d| d.below(100));
        let retry = |reason: &str, after_s| Outcome::Retry { reason: reason.to_owned(), after_s };
        match lot {
            0..=5 => return retry("429 too many requests", Some(30)),
            6..=11 => return retry("500 internal server error", None),
            12..=14 => return Outcome::Permanent { reason: "400 this will never work".to_owned() },
            _ => {}
        }
        match inner.done.get(key).filter(|before| **before != what).cloned() {
            Some(before) => inner.broken.push(format!("key {key} was used for {before:?} and for {what:?}")),
            None => {
                inner.done.insert(key.to_owned(), what);
            }
        }
        if (15..=24).contains(&lot) {
            // It has happened, and the answer is lost.
            return retry("timed out", None);
        }
        Outcome::Done { detail: "ok".to_owned(), data }
    }
}

fn well(name: &str) -> BoxFuture<'static, Health> {
    let health = Health { name: name.to_owned(), ok: true, detail: String::new() };
    Box::pin(std::future::ready(health))
}

/// A channel.
#[derive(Debug)]
pub struct FakeNotifier {
    /// Its name.
    pub name: String,
    /// Where messages go.
    pub vendor: Vendor,
}

impl Notifier for FakeNotifier {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        well(&self.name)
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Outcome> {
        // A page loses its words where its incident becomes restricted between two attempts.
        let subject = if message.audience == "page" { "" } else { message.subject.as_str() };
        let what = format!("{} {} {}: {subject}", self.name, message.incident, message.audience);
        Box::pin(std::future::ready(self.vendor.take(&message.key, what, Value::Null)))
    }
}

/// A platform.
#[derive(Debug)]
pub struct FakePlatform {
    /// Where actions go.
    pub vendor: Vendor,
}

impl Platform for FakePlatform {
    fn name(&self) -> &str {
        "platform/fake"
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        well("platform/fake")
    }

    fn services(&self) -> BoxFuture<'_, Result<Vec<ServiceState>, QueryError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn act<'a>(&'a self, request: &'a ActionRequest) -> BoxFuture<'a, Outcome> {
        if request.dry_run {
            // A rehearsal leaves no trace.
            let detail = "would work".to_owned();
            return Box::pin(std::future::ready(Outcome::Done { detail, data: Value::Null }));
        }
        let what = format!("act {} on {} with {}", request.action, request.target, request.params);
        let undo = json!({ "inverse": { "action": "scale_pool", "params": { "size": 10 } } });
        Box::pin(std::future::ready(self.vendor.take(&request.key, what, undo)))
    }

    fn smoke(&self) -> BoxFuture<'_, Result<Vec<SmokeCheck>, QueryError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// Agents.
#[derive(Debug)]
pub struct FakeAgents {
    /// Gives the mood.
    pub vendor: Vendor,
}

impl AgentRunner for FakeAgents {
    fn run(&self, input: AgentInput) -> BoxFuture<'_, Result<AgentReport, AgentFailure>> {
        let report = match self.vendor.lock().dice.as_mut() {
            Some(dice) => agents::random(dice, input.run.as_str(), &input.task, input.now),
            None => Ok(agents::good(input.run.as_str(), &input.task, input.now)),
        };
        Box::pin(std::future::ready(report.map_err(AgentFailure::from)))
    }
}

/// The archive.
#[derive(Debug)]
pub struct FakeArchive {
    /// Gives the mood.
    pub vendor: Vendor,
}

impl Archive for FakeArchive {
    fn bundle(&self, incident: Incident) -> BoxFuture<'_, Outcome> {
        let key = format!("bundle {}", incident.id);
        let path = json!({ "path": format!("bundles/{}", incident.id) });
        Box::pin(std::future::ready(self.vendor.take(&key, String::new(), path)))
    }

    fn postmortem(&self, incident: Incident, _records: Vec<EventRecord>) -> BoxFuture<'_, Outcome> {
        let key = format!("postmortem {}", incident.id);
        let paths =
            json!({ "markdown": format!("{}.md", incident.id), "html": format!("{}.html", incident.id) });
        Box::pin(std::future::ready(self.vendor.take(&key, String::new(), paths)))
    }
}
