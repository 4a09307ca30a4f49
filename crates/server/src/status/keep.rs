//! The page as it was last made, in memory. It is made again when events came since, at most once a second; while that
//! takes longer than it should, readers get the one before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use firebell_core::comms::Audience;
use firebell_core::ids::IncidentId;
use firebell_core::incident::Event;
use firebell_core::policy::Policy;
use firebell_core::ports::store::{IncidentFilter, Reader, StoreResult};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

use super::board::Board;
use super::config::StatusConfig;
use super::flight::Flight;
use super::maintenance::{Maintenance, PublicMaintenance};
use super::public::PublicIncident;
use super::show::Shown;
use super::subscribers::Limit;
use crate::problem::Problem;
use crate::state::{App, Shared};

/// How often the page is made, and who waits for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// A page so young is not made again, whatever happened.
    pub(crate) young: Duration,
    /// A page so old is made again although nothing happened: days pass.
    pub(crate) old: Duration,
    /// A page so old is shown only where a new one cannot be had.
    pub(crate) stale: Duration,
    /// How long a reader waits for a new one.
    pub(crate) patience: Duration,
    /// After a failure, how long it is not tried again.
    pub(crate) rest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            young: Duration::from_secs(1),
            old: Duration::from_secs(60),
            stale: Duration::from_secs(5),
            patience: Duration::from_secs(2),
            rest: Duration::from_secs(3),
        }
    }
}

/// Events read at once.
const PAGE: usize = 500;
/// Incidents looked at in one making whose list rows, written by an older program, do not say whether the public was
/// told.
const LOOK: usize = 200;
/// Incidents that have been over for longer are in the archive only.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 365);

/// The public page.
#[derive(Debug)]
pub(crate) struct Status {
    pub(super) config: StatusConfig,
    pub(crate) pace: Pace,
    shown: RwLock<Option<Arc<Shown>>>,
    known: Arc<tokio::sync::Mutex<Known>>,
    making: Flight<Arc<Shown>>,
    /// Those who ask to be told.
    pub(super) limit: Limit,
}

/// What is known of incidents, up to a position in the record.
#[derive(Debug, Default)]
pub(super) struct Known {
    position: Option<u64>,
    pub(super) incidents: BTreeMap<IncidentId, PublicIncident>,
    /// Of whom it is not known yet whether the public was told of them, oldest first.
    pub(super) unasked: Vec<IncidentId>,
}

impl Status {
    pub(crate) fn new(config: StatusConfig) -> Self {
        Self {
            config,
            pace: Pace::default(),
            shown: RwLock::default(),
            known: Arc::default(),
            making: Flight::default(),
            limit: Limit::default(),
        }
    }

    /// The page. One is made at a time, and all who wait for it wait for that one.
    ///
    /// # Errors
    /// Only where none was ever made and the store cannot be read.
    pub(crate) async fn shown(app: &Shared) -> Result<Arc<Shown>, Problem> {
        let (this, pace) = (&app.status, app.status.pace);
        let last = this.last();
        if let Some(shown) = &last
            && (shown.is_current(app) || shown.made.elapsed() < pace.young)
        {
            return Ok(Arc::clone(shown));
        }
        let making = this.making.join(pace.rest, || {
            let app = Arc::clone(app);
            async move {
                let made = Self::make(&app).await;
                if let Err(problem) = &made {
                    tracing::warn!(problem = problem.sentence(), "the status page could not be made");
                }
                made
            }
            .boxed()
        });
        // One reader's request makes the next one; nobody waits for it.
        if let Some(shown) = last.filter(|s| s.made.elapsed() < pace.stale) {
            return Ok(shown);
        }
        match (making.within(pace.patience).await, this.last()) {
            (Some(Ok(shown)), _) | (_, Some(shown)) => Ok(shown),
            (Some(Err(problem)), None) => Err(problem),
            (None, None) => Err(Problem::unavailable("the status page is being made; try again in a moment")),
        }
    }

    fn last(&self) -> Option<Arc<Shown>> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn make(app: &Shared) -> Result<Arc<Shown>, Problem> {
        let mut known = Arc::clone(&app.status.known).lock_owned().await;
        // Who came when the one before had just ended finds it made.
        if let Some(shown) = app.status.last().filter(|s| s.made.elapsed() < app.status.pace.young) {
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
            let generation = known.unasked.is_empty().then_some(generation);
            let maintenances = Maintenance::all(shared.state.office.as_ref())?
                .iter()
                .map(|m| PublicMaintenance::of(m, now))
                .filter(|m| m.ended_at.is_none_or(|at| is_kept(at, now)))
                .collect();
            let board = Board::of(&shared.status.config, &policy, incidents, maintenances, now);
            Ok(Shown::of(&shared, board, &policy, generation))
        });
        let made = Arc::new(making.await??);
        *app.status.shown.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
        Ok(made)
    }
}

impl Shown {
    /// Whether nothing happened since, no maintenance began or ended, and no day has passed.
    fn is_current(&self, app: &App) -> bool {
        self.generation == Some(*app.state.handle.changes().borrow())
            && self.made.elapsed() < app.status.pace.old
            && self.turns_at.is_none_or(|at| app.now() < at)
    }

    /// How old it is, in seconds, where a newer one should be there and cannot be had.
    pub(crate) fn age_s(&self, app: &App) -> Option<u64> {
        let age = self.made.elapsed();
        (age >= app.status.pace.stale && !self.is_current(app)).then_some(age.as_secs())
    }
}

impl Known {
    pub(super) fn catch_up(
        &mut self,
        reader: &dyn Reader,
        policy: &Policy,
        now: Timestamp,
    ) -> StoreResult<()> {
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
                let rows = reader.incidents(&filter)?.into_iter();
                let recent = rows.filter(|row| row.resolved_at.is_none_or(|at| is_kept(at, now)));
                self.unasked.clear();
                for row in recent {
                    match row.told_public {
                        Some(true) => drop(touched.insert(row.id)),
                        Some(false) => {}
                        None => self.unasked.push(row.id),
                    }
                }
                // Rows come newest first.
                self.unasked.reverse();
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
        let left = self.unasked.len().saturating_sub(LOOK);
        touched.extend(self.unasked.iter().skip(left).cloned());
        for id in touched {
            match PublicIncident::of(&reader.events(&id)?, policy) {
                Some(incident) => drop(self.incidents.insert(id, incident)),
                None => drop(self.incidents.remove(&id)),
            }
        }
        self.incidents.retain(|_, i| i.ended_at.is_none_or(|at| is_kept(at, now)));
        self.unasked.truncate(left);
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
