//! The page as it was last made, in memory. It is made again when events came since, at most once a second; while that
//! takes longer than it should, readers get the one before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use firebell_core::comms::Audience;
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Event, fold};
use firebell_core::policy::Policy;
use firebell_core::ports::store::{IncidentFilter, Reader, StoreResult};
use jiff::{SignedDuration, Timestamp};

use super::board::Board;
use super::config::StatusConfig;
use super::public::PublicIncident;
use super::show::Shown;
use crate::problem::Problem;
use crate::state::{App, Shared};

/// A page so young is not made again, whatever happened.
const YOUNG: Duration = Duration::from_secs(1);
/// A page so old is made again although nothing happened: days pass.
const OLD: Duration = Duration::from_secs(60);
/// A page so old is shown only where a new one cannot be had.
const STALE: Duration = Duration::from_secs(5);
/// How long a reader waits for a new one.
const PATIENCE: Duration = Duration::from_secs(2);
/// Events read at once.
const PAGE: usize = 500;
/// Incidents that have been over for longer are in the archive only.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 365);

/// The public page.
#[derive(Debug)]
pub(crate) struct Status {
    pub(super) config: StatusConfig,
    shown: RwLock<Option<Arc<Shown>>>,
    known: Arc<tokio::sync::Mutex<Known>>,
    making: AtomicBool,
}

/// What is known of incidents, up to a position in the record.
#[derive(Debug, Default)]
struct Known {
    position: Option<u64>,
    incidents: BTreeMap<IncidentId, PublicIncident>,
}

impl Status {
    pub(crate) fn new(config: StatusConfig) -> Self {
        Self { config, shown: RwLock::default(), known: Arc::default(), making: AtomicBool::new(false) }
    }

    /// The page.
    ///
    /// # Errors
    /// Only where none was ever made and the store cannot be read.
    pub(super) async fn shown(app: &Shared) -> Result<Arc<Shown>, Problem> {
        let this = &app.status;
        let last = this.last();
        if let Some(shown) = &last
            && (shown.is_current(app) || shown.made.elapsed() < YOUNG)
        {
            return Ok(Arc::clone(shown));
        }
        let young_enough = last.filter(|s| s.made.elapsed() < STALE);
        if let Some(shown) = young_enough {
            // One reader's request makes the next one; nobody waits for it.
            if !this.making.swap(true, Ordering::AcqRel) {
                let app = Arc::clone(app);
                tokio::spawn(async move {
                    if let Err(problem) = Self::make(&app).await {
                        tracing::warn!(problem = problem.sentence(), "the status page could not be made");
                    }
                    app.status.making.store(false, Ordering::Release);
                });
            }
            return Ok(shown);
        }
        let making = {
            let app = Arc::clone(app);
            tokio::spawn(async move { Self::make(&app).await })
        };
        let made = tokio::time::timeout(PATIENCE, making).await;
        match (made, this.last()) {
            (Ok(Ok(Ok(shown))), _) | (_, Some(shown)) => Ok(shown),
            (Ok(Ok(Err(problem))), None) => Err(problem),
            (Ok(Err(error)), None) => Err(Problem::internal(&error)),
            (Err(_), None) => {
                Err(Problem::unavailable("the status page is being made; try again in a moment"))
            }
        }
    }

    fn last(&self) -> Option<Arc<Shown>> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn make(app: &Shared) -> Result<Arc<Shown>, Problem> {
        let mut known = Arc::clone(&app.status.known).lock_owned().await;
        // Who waited for the lock finds it made.
        if let Some(shown) = app.status.last().filter(|s| s.made.elapsed() < YOUNG) {
            return Ok(shown);
        }
        // Before the look: what comes meanwhile makes the next one.
        let generation = *app.state.handle.changes().borrow();
        let policy = Arc::clone(app.state.handle.policy());
        let now = app.now();
        let shared = Arc::clone(app);
        let making = app.read(move |reader| {
            known.catch_up(reader, &policy, now)?;
            let incidents = known.incidents.values().cloned().collect();
            let board = Board::of(&shared.status.config, &policy, incidents, now);
            Ok(Shown::of(&shared, board, &policy, generation))
        });
        let made = Arc::new(making.await??);
        *app.status.shown.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
        Ok(made)
    }
}

impl Shown {
    /// Whether nothing happened since, and no day has passed.
    fn is_current(&self, app: &App) -> bool {
        self.generation == *app.state.handle.changes().borrow() && self.made.elapsed() < OLD
    }
}

impl Known {
    fn catch_up(&mut self, reader: &dyn Reader, policy: &Policy, now: Timestamp) -> StoreResult<()> {
        let mut touched = BTreeSet::new();
        let mut position = match self.position {
            Some(position) => position,
            None => {
                let position = reader.position()?;
                let filter = IncidentFilter {
                    limit: usize::MAX,
                    include_restricted: true,
                    ..IncidentFilter::default()
                };
                let rows = reader.incidents(&filter)?.into_iter().filter(|row| row.told_public);
                let recent = rows.filter(|row| row.resolved_at.is_none_or(|at| is_kept(at, now)));
                touched.extend(recent.map(|row| row.id));
                position
            }
        };
        loop {
            let events = reader.events_after(position, PAGE)?;
            let Some((last, _)) = events.last() else { break };
            position = *last;
            let heard = |id: &IncidentId| self.incidents.contains_key(id);
            touched.extend(
                events
                    .into_iter()
                    .filter(|(_, r)| matters(&r.event, heard(&r.incident)))
                    .map(|(_, r)| r.incident),
            );
        }
        for id in touched {
            let events = reader.events(&id)?;
            match fold(&events).as_ref().and_then(|i| PublicIncident::of(i, &events, policy)) {
                Some(incident) => drop(self.incidents.insert(id, incident)),
                None => drop(self.incidents.remove(&id)),
            }
        }
        self.incidents.retain(|_, i| i.ended_at.is_none_or(|at| is_kept(at, now)));
        self.position = Some(position);
        Ok(())
    }
}

fn is_kept(ended: Timestamp, now: Timestamp) -> bool {
    now.duration_since(ended) < KEPT
}

/// Whether an event changes what outsiders see of an incident. Of one that they have not heard of, only a post does, or
/// that it may be told after all.
fn matters(event: &Event, heard_of: bool) -> bool {
    match event {
        Event::UpdatePosted { update } => update.audience == Audience::Public,
        Event::KindChanged { .. } => true,
        Event::SeverityChanged { .. }
        | Event::AlertsAttached { .. }
        | Event::FactsMeasured { .. }
        | Event::Absorbed { .. }
        | Event::ImpactStartFound { .. }
        | Event::RecoveryWatched { .. }
        | Event::VerdictReached { .. }
        | Event::Regressed { .. }
        | Event::Resolved { .. }
        | Event::Reopened { .. }
        | Event::ClosedHealthy { .. }
        | Event::Cancelled { .. }
        | Event::MergedInto { .. } => heard_of,
        _ => false,
    }
}
