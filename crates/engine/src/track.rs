//! Sees how the issues of action items stand in their trackers: each open one every few minutes, those first that were
//! looked at longest ago, and at once where a webhook says that something happened to it. A webhook is only a hint, so it
//! does not matter if one is lost, late or told twice.
//!
//! Which issues there are is followed in the record and kept as documents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use firebell_core::ids::IncidentId;
use firebell_core::incident::{Command, Event, EventRecord, IssueEvent, IssueNews};
use firebell_core::ports::chat::{Answer, Trouble};
use firebell_core::ports::office::{Change, Expect, OfficeReader};
use firebell_core::ports::store::Reader;
use firebell_core::ports::tracker::{IssueStatus, Tracker};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{Notify, watch};

use crate::effects::actor;
use crate::follow::{blocking, follow};
use crate::handle::{Clock, Error, Handle};

/// Documents of open issues.
const ISSUE: &str = "issue";
/// The document with the place in the record.
const PLACE: (&str, &str) = ("cursor", "issues");
/// Issues that are watched; more are looked at once those before them are closed.
const ISSUES: usize = 5_000;
/// Each open issue is looked at so often, where the tracker's limits allow.
pub const EVERY: Duration = Duration::from_secs(300);
/// A tracker has so long to say how its issues stand.
const LONGEST: Duration = Duration::from_secs(120);
/// A tracker that failed is left alone for so long, unless it asked for another time.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(60);
/// Hints that wait at most: what is beyond is seen when its time comes.
const HINTS: usize = 5_000;

/// Issues to which something happened, as webhooks say: tracker and id there.
#[derive(Debug, Default)]
pub struct Hints {
    issues: Mutex<BTreeSet<(String, String)>>,
    news: Notify,
}

impl Hints {
    /// Something happened to an issue. One that is nobody's action item is nobody's business.
    pub fn issue(&self, tracker: &str, issue: &str) {
        let mut issues = self.issues.lock().unwrap_or_else(PoisonError::into_inner);
        if issues.len() < HINTS {
            issues.insert((tracker.to_owned(), issue.to_owned()));
        }
        drop(issues);
        self.news.notify_one();
    }

    /// Whether somebody said so and nobody has looked yet.
    pub fn is_waiting(&self, tracker: &str, issue: &str) -> bool {
        let issues = self.issues.lock().unwrap_or_else(PoisonError::into_inner);
        issues.contains(&(tracker.to_owned(), issue.to_owned()))
    }

    fn take(&self) -> BTreeSet<(String, String)> {
        std::mem::take(&mut *self.issues.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An open issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Watched {
    incident: IncidentId,
    tracker: String,
    issue: String,
}

/// One whose time has come; in this order.
struct Due {
    /// Nobody said that something happened to it.
    unhinted: bool,
    /// When it was last looked at.
    seen: Option<Timestamp>,
    /// The document's id.
    document: String,
    watched: Watched,
}

/// Watches.
pub struct Tracking {
    handle: Handle,
    reader: Arc<dyn Reader>,
    office: Arc<dyn OfficeReader>,
    trackers: BTreeMap<String, Arc<dyn Tracker>>,
    clock: Clock,
    every: Duration,
    /// Trackers that are left alone, and until when.
    quiet: BTreeMap<String, Timestamp>,
    /// When each issue was last looked at, by the document's id.
    seen_at: BTreeMap<String, Timestamp>,
    /// Trackers that have refused since this process began; at first nobody knows.
    refused: BTreeMap<String, bool>,
}

impl Tracking {
    /// `every`: how often each issue is looked at; [`EVERY`] in production.
    pub fn new(
        handle: Handle,
        reader: Arc<dyn Reader>,
        office: Arc<dyn OfficeReader>,
        trackers: BTreeMap<String, Arc<dyn Tracker>>,
        clock: Clock,
        every: Duration,
    ) -> Self {
        let (quiet, seen_at, refused) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { handle, reader, office, trackers, clock, every, quiet, seen_at, refused }
    }

    /// Runs until `stop` turns true. Without a tracker there is nothing to see.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        if self.trackers.is_empty() {
            return;
        }
        while !*stop.borrow() {
            match self.turn().await {
                Err(Error::Stopped) => return,
                Err(error) => tracing::warn!(%error, "issues could not be followed; trying again"),
                Ok(()) => {}
            }
            tokio::select! {
                () = self.handle.issues().news.notified() => {}
                _ = stop.changed() => {}
                () = tokio::time::sleep(self.every.min(Duration::from_secs(10))) => {}
            }
        }
    }

    /// Follows the record, then looks at each issue whose time has come.
    ///
    /// # Errors
    /// The store's. A tracker that fails is no error: it is asked again.
    pub async fn turn(&mut self) -> Result<(), Error> {
        follow(&self.handle, &self.reader, &self.office, PLACE, change).await?;
        let (now, hints) = ((self.clock)(), self.handle.issues().take());
        let office = Arc::clone(&self.office);
        let documents = blocking(move || office.documents(ISSUE, "", ISSUES)).await?;
        let known: BTreeSet<&String> = documents.iter().map(|d| &d.id).collect();
        self.seen_at.retain(|id, _| known.contains(id));
        let every = SignedDuration::try_from(self.every).unwrap_or(SignedDuration::MAX);
        let mut by_tracker: BTreeMap<String, Vec<Due>> = BTreeMap::new();
        for document in documents {
            let Ok(watched) = serde_json::from_value::<Watched>(document.body) else { continue };
            let unhinted = !hints.contains(&(watched.tracker.clone(), watched.issue.clone()));
            let seen = self.seen_at.get(&document.id).copied();
            if !unhinted || seen.is_none_or(|at| now.duration_since(at) >= every) {
                let due = Due { unhinted, seen, document: document.id, watched };
                by_tracker.entry(due.watched.tracker.clone()).or_default().push(due);
            }
        }
        for (name, mut due) in by_tracker {
            let Some(tracker) = self.trackers.get(&name).cloned() else { continue };
            if self.quiet.get(&name).is_some_and(|until| *until > now) {
                // What was hinted at is seen when its time comes.
                continue;
            }
            due.sort_by(|a, b| (a.unhinted, a.seen, &a.document).cmp(&(b.unhinted, b.seen, &b.document)));
            due.truncate(tracker.at_once());
            let issues: Vec<String> = due.iter().map(|due| due.watched.issue.clone()).collect();
            // One that is slow holds up no other for long.
            let answer = match tokio::time::timeout(LONGEST, tracker.look(&issues)).await {
                Ok(answer) => answer,
                Err(_) => Err(Trouble::retry(format!("no answer within {} s", LONGEST.as_secs()))),
            };
            self.heed(&name, now, &due, answer).await?;
        }
        Ok(())
    }

    async fn heed(
        &mut self,
        name: &str,
        now: Timestamp,
        due: &[Due],
        answer: Answer<Vec<IssueStatus>>,
    ) -> Result<(), Error> {
        let wait =
            |after: Option<u32>| after.map_or(AFTER_FAILURE, |s| SignedDuration::from_secs(i64::from(s)));
        match answer {
            Ok(all) => {
                self.quiet.remove(name);
                let was_refused = self.refused.insert(name.to_owned(), false).unwrap_or(true);
                for (due, status) in due.iter().zip(all) {
                    let news = match status {
                        IssueStatus::Done => Some(IssueNews::Closed { cancelled: false }),
                        IssueStatus::Cancelled => Some(IssueNews::Closed { cancelled: true }),
                        IssueStatus::Gone(reason) => Some(IssueNews::Lost { reason }),
                        IssueStatus::Open => was_refused.then_some(IssueNews::Seen),
                    };
                    if let Some(news) = news {
                        self.tell(&due.watched, news).await?;
                    }
                    self.seen_at.insert(due.document.clone(), now);
                }
            }
            Err(Trouble::Retry { reason, after_s }) => {
                tracing::warn!(tracker = name, %reason, "issues could not be looked at; trying again");
                self.rest(name, now, wait(after_s));
            }
            Err(trouble) => {
                let reason = trouble.to_string();
                tracing::warn!(tracker = name, %reason, "issues cannot be looked at");
                self.refused.insert(name.to_owned(), true);
                for due in due {
                    self.tell(&due.watched, IssueNews::Unseen { reason: reason.clone() }).await?;
                }
                let every = SignedDuration::try_from(self.every).unwrap_or(AFTER_FAILURE);
                self.rest(name, now, every);
            }
        }
        Ok(())
    }

    fn rest(&mut self, name: &str, now: Timestamp, wait: SignedDuration) {
        self.quiet.insert(name.to_owned(), now.checked_add(wait).unwrap_or(Timestamp::MAX));
    }

    async fn tell(&self, watched: &Watched, news: IssueNews) -> Result<(), Error> {
        let (tracker, issue) = (watched.tracker.clone(), watched.issue.clone());
        let command = Command::RecordIssueNews { tracker, issue, news };
        match self.handle.command(&watched.incident, command, actor(&watched.tracker)).await {
            Ok(_) | Err(Error::Rejected(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// What an event means for which issues are watched.
fn change(record: &EventRecord) -> Option<Change> {
    let document = |item: &u32| format!("{}:{item}", record.incident);
    match &record.event {
        Event::ActionItemTracked { id, tracker, external, .. } => {
            let watched = Watched {
                incident: record.incident.clone(),
                tracker: tracker.clone(),
                issue: external.clone(),
            };
            Some(Change::Put { kind: ISSUE, id: document(id), body: json!(watched), expect: Expect::Any })
        }
        Event::Issue(IssueEvent::Closed { id, .. } | IssueEvent::Lost { id, .. }) => {
            Some(Change::Remove { kind: ISSUE, id: document(id) })
        }
        _ => None,
    }
}
