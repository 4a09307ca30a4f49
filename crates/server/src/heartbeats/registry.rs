//! The configured heartbeats: who may beat, and what is kept of each.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use firebell_core::ids::Fingerprint;
use firebell_core::ports::office::{Change, Deed, Expect, OfficeReader};
use firebell_core::ports::store::StoreError;
use firebell_core::signal::{Intake, Signal, SignalState, fingerprint};
use firebell_core::telemetry::Labels;
use firebell_engine::handle::{Error, Handle};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, MutexGuard, Notify};

use super::config::HeartbeatConfig;
use super::kept::{Beat, Failure, Kept, Pace, Stands};
use super::own::OwnState;
use crate::auth::KeyHash;

/// Documents of heartbeats.
pub(super) const KIND: &str = "heartbeat";
/// `alertname` of their alerts.
const ALERT: &str = "HeartbeatMissed";
/// A heart that beats faster is heard once in this time: each beat that is kept is a write.
const FASTEST: SignedDuration = SignedDuration::from_millis(500);

/// All of them.
#[derive(Default)]
pub struct Heartbeats {
    all: BTreeMap<String, Heart>,
    /// Since when this process listens.
    here_since: OnceLock<Timestamp>,
    /// Something changed that the watch should look at.
    pub(super) news: Notify,
    /// How Firebell's own heartbeat does.
    pub(crate) own: OwnState,
}

pub(super) struct Heart {
    pub(super) config: HeartbeatConfig,
    key: KeyHash,
    kept: Mutex<Option<Kept>>,
}

/// One, as people see it.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) service: Option<String>,
    pub(crate) severity: String,
    pub(crate) every_s: i64,
    pub(crate) grace_s: i64,
    pub(crate) stands: Stands,
    pub(crate) due: Option<Timestamp>,
    pub(crate) kept: Kept,
}

impl Heartbeats {
    /// Of a configuration.
    ///
    /// # Errors
    /// All that is wrong, each with its field.
    pub fn new(configs: &[HeartbeatConfig]) -> Result<Self, Vec<String>> {
        let (mut hearts, mut problems) = (BTreeMap::<String, Heart>::new(), Vec::new());
        for config in configs {
            match config.check() {
                Err(wrong) => problems.extend(wrong),
                Ok(key) => {
                    let key = KeyHash::of(&key);
                    if let Some(other) = hearts.values().find(|h| bool::from(h.key.same(&key))) {
                        problems.push(format!(
                            "heartbeats/{}: key: is the key of {:?} too: give each its own",
                            config.name, other.config.name
                        ));
                    }
                    let heart = Heart { config: config.clone(), key, kept: Mutex::new(None) };
                    if hearts.insert(config.name.clone(), heart).is_some() {
                        problems.push(format!("heartbeats: the name {:?} is used twice", config.name));
                    }
                }
            }
        }
        if problems.is_empty() { Ok(Self { all: hearts, ..Self::default() }) } else { Err(problems) }
    }

    /// Since when this process listens; the first who asks says so.
    pub(super) fn here_since(&self, now: Timestamp) -> Timestamp {
        *self.here_since.get_or_init(|| now)
    }

    pub(super) fn hearts(&self) -> impl Iterator<Item = &Heart> {
        self.all.values()
    }

    pub(super) fn is_known(&self, name: &str) -> bool {
        self.all.contains_key(name)
    }

    /// The heart of that name, if the key is its. Which of both is wrong is not told.
    pub(super) fn keyed(&self, name: &str, key: &str) -> Option<&Heart> {
        let shown = KeyHash::of(key);
        self.all.get(name).filter(|heart| bool::from(heart.key.same(&shown)))
    }

    /// All, as people see them.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn shown(
        &self,
        office: &Arc<dyn OfficeReader>,
        now: Timestamp,
    ) -> Result<Vec<Shown>, StoreError> {
        let here_since = self.here_since(now);
        let mut shown = Vec::new();
        for heart in self.all.values() {
            let held = heart.hold(office).await?;
            let Some(kept) = held.as_ref() else { continue };
            let config = &heart.config;
            shown.push(Shown {
                name: config.name.clone(),
                about: config.about.clone(),
                service: config.service.clone(),
                severity: config.severity.clone(),
                every_s: config.every_s,
                grace_s: config.grace_s,
                stands: kept.stands(heart.pace(), here_since, now),
                due: kept.due(heart.pace(), here_since),
                kept: kept.clone(),
            });
        }
        Ok(shown)
    }

    /// Takes a beat in; it is durable when this answers.
    ///
    /// # Errors
    /// If nothing was kept: the sender must be told to try again.
    pub(super) async fn beat(
        &self,
        heart: &Heart,
        beat: &Beat,
        (handle, office): (&Handle, &Arc<dyn OfficeReader>),
        now: Timestamp,
    ) -> Result<(), Error> {
        self.here_since(now);
        let mut held = heart.hold(office).await.map_err(|e| Error::Store(e.to_string()))?;
        let Some(kept) = held.as_mut() else { return Ok(()) };
        let just_now = kept.last_at.is_some_and(|at| now.duration_since(at).abs() < FASTEST);
        if *beat == Beat::Well && just_now && kept.started_at.is_none() && kept.failure.is_none() {
            return Ok(());
        }
        let mut next = kept.clone();
        next.take(beat, now);
        write(handle, &heart.config.name, &next).await?;
        *kept = next;
        drop(held);
        self.news.notify_one();
        Ok(())
    }
}

impl Heart {
    pub(super) fn pace(&self) -> Pace {
        Pace { every_s: self.config.every_s, grace_s: self.config.grace_s }
    }

    /// What is kept, read on first use, and kept from others meanwhile.
    pub(super) async fn hold(
        &self,
        office: &Arc<dyn OfficeReader>,
    ) -> Result<MutexGuard<'_, Option<Kept>>, StoreError> {
        let mut held = self.kept.lock().await;
        if held.is_none() {
            let (office, name) = (Arc::clone(office), self.config.name.clone());
            let read = tokio::task::spawn_blocking(move || office.document(KIND, &name)).await;
            let document = match read {
                Ok(document) => document?,
                Err(error) => {
                    let what = format!("heartbeat {}", self.config.name);
                    return Err(StoreError::Corrupt { what, detail: error.to_string() });
                }
            };
            *held = Some(match document {
                Some(document) => serde_json::from_value(document.body).map_err(|e| StoreError::Corrupt {
                    what: format!("heartbeat {}", self.config.name),
                    detail: e.to_string(),
                })?,
                None => Kept::default(),
            });
        }
        Ok(held)
    }

    /// The end of the alert of one that is configured no more.
    pub(super) fn gone(name: &str, since: Timestamp, now: Timestamp) -> Signal {
        let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Signal {
            source: source(name),
            fingerprint: print(name),
            state: SignalState::Resolved,
            labels: [label("alertname", ALERT), label("heartbeat", name)].into(),
            annotations: [label("summary", "this heartbeat is configured no more")].into(),
            starts_at: since,
            ends_at: Some(now),
            generator_url: None,
            dedup_key: Some(name.to_owned()),
            group_key: None,
        }
    }

    /// The alert of it, firing or resolved.
    pub(super) fn signal(&self, kept: &Kept, stands: Stands, since: Timestamp, now: Timestamp) -> Signal {
        let config = &self.config;
        let mut labels = Labels::new();
        labels.insert("alertname".to_owned(), ALERT.to_owned());
        labels.insert("heartbeat".to_owned(), config.name.clone());
        labels.insert("severity".to_owned(), config.severity.clone());
        if let Some(service) = &config.service {
            labels.insert("service".to_owned(), service.clone());
        }
        let mut annotations = Labels::new();
        annotations.insert("summary".to_owned(), summary(config, kept, stands));
        if let Some(said) = kept.failure.as_ref().map(|f| &f.said).filter(|said| !said.is_empty()) {
            annotations.insert("description".to_owned(), said.clone());
        }
        let firing = stands.is_alarming();
        Signal {
            source: source(&config.name),
            fingerprint: print(&config.name),
            state: if firing { SignalState::Firing } else { SignalState::Resolved },
            labels,
            annotations,
            starts_at: since,
            ends_at: (!firing).then_some(now),
            generator_url: None,
            dedup_key: Some(config.name.clone()),
            group_key: None,
        }
    }
}

fn source(name: &str) -> String {
    format!("heartbeat/{name}")
}

fn print(name: &str) -> Fingerprint {
    fingerprint(&source(name), Some(name), &Labels::new())
}

/// What the alert says.
fn summary(config: &HeartbeatConfig, kept: &Kept, stands: Stands) -> String {
    let what = if config.about.is_empty() { config.name.clone() } else { config.about.clone() };
    let last = match kept.last_at {
        Some(at) => format!("the last good one at {}", at.strftime("%Y-%m-%d %H:%M:%S UTC")),
        None => "none was ever good".to_owned(),
    };
    match (stands, &kept.failure) {
        (Stands::Failed, Some(Failure { exit: Some(exit), .. })) => {
            format!("{what} says that it failed, exit code {exit}; {last}")
        }
        (Stands::Failed, _) => format!("{what} says that it failed; {last}"),
        (Stands::Missed, _) if kept.started_at.is_some() => {
            format!("{what} began a run that did not end within {} s; {last}", config.grace_s)
        }
        (Stands::Missed, _) => format!(
            "{what} has not been heard of: a beat is expected every {} s, with {} s of grace; {last}",
            config.every_s, config.grace_s
        ),
        _ => format!("{what} beats again"),
    }
}

/// Keeps a heartbeat.
pub(super) async fn write(handle: &Handle, name: &str, kept: &Kept) -> Result<(), Error> {
    let body = serde_json::to_value(kept).map_err(|e| Error::Store(e.to_string()))?;
    let change = Change::Put { kind: KIND, id: name.to_owned(), body, expect: Expect::Any };
    handle.perform(Deed { act: None, changes: vec![change] }).await
}

/// Puts the alert of a heartbeat in, as any sender's.
pub(super) async fn tell(handle: &Handle, signal: Signal) -> Result<(), Error> {
    let source = signal.source.clone();
    handle.accept(&source, vec![Intake::Signal(signal)]).await.map(|_| ())
}
