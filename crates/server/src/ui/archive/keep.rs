//! The archive, and how it is kept up with the record.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use firebell_core::ids::IncidentId;
use firebell_core::incident::{Summary, fold};
use firebell_core::policy::Policy;
use firebell_core::ports::store::{IncidentFilter, Reader, StoreResult};
use serde::Serialize;

use super::case::{Case, Deep};
use super::index::Index;
use crate::access;
use crate::auth::Person;
use crate::download;
use crate::problem::Problem;
use crate::state::{App, Shared};
use crate::ui::words;

/// How long a page waits for records to be read; what was not read by then follows on the next look. In tests it is
/// longer: the machine may be busy with others.
const PATIENCE: Duration = Duration::from_millis(if cfg!(test) { 20_000 } else { 120 });
/// How long a program waits.
const LONG_PATIENCE: Duration = Duration::from_secs(20);
/// Events that are looked through for what has changed; after more of them the whole list is read again, which is faster.
const FEW: u64 = 2_000;
/// Events read at once.
const PAGE: usize = 500;
/// Records read between two looks at who else wants to know something.
const CHUNK: usize = 16;
/// Bytes of a postmortem that are searched.
const MOST_TEXT: usize = 256 << 10;

/// What is known of all incidents.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    known: Arc<RwLock<Known>>,
    listing: tokio::sync::Mutex<()>,
    reading: tokio::sync::Mutex<()>,
}

/// What is known, up to a position in the record.
#[derive(Debug, Default)]
pub(crate) struct Known {
    position: Option<u64>,
    cases: BTreeMap<IncidentId, Case>,
    /// Whose record is to be read.
    unread: BTreeSet<IncidentId>,
    index: Index,
}

/// Asks the archive. List rows are those of this moment: who may see what is decided by them. Records follow within
/// [`PATIENCE`], where there is much to read a little later.
///
/// # Errors
/// The store's.
pub(crate) async fn look<T: Send + 'static>(
    app: &Shared,
    ask: impl FnOnce(&Known) -> T + Send + 'static,
) -> Result<T, Problem> {
    // Where it takes longer it goes on without this page.
    let _ = catch_up(app, PATIENCE).await?;
    asked(app, ask).await
}

/// The same for programs, which cannot tell by a note that something is not read yet: they wait for all of it.
///
/// # Errors
/// The store's, and 503 where the records are not read within [`LONG_PATIENCE`].
pub(crate) async fn look_whole<T: Send + 'static>(
    app: &Shared,
    ask: impl FnOnce(&Known) -> T + Send + 'static,
) -> Result<T, Problem> {
    if !catch_up(app, LONG_PATIENCE).await? {
        return Err(Problem::unavailable(
            "the records of past incidents are still being read: ask again soon",
        ));
    }
    asked(app, ask).await
}

/// Brings the archive up to now; `false` where records are still being read.
async fn catch_up(app: &Shared, patience: Duration) -> Result<bool, Problem> {
    app.archive.list(app).await?;
    if app.archive.known().unread.is_empty() {
        return Ok(true);
    }
    let shared = Arc::clone(app);
    let reading = tokio::spawn(async move {
        let read = shared.archive.read(&shared).await;
        if let Err(problem) = &read {
            tracing::warn!(problem = problem.sentence(), "records could not be read for the pages");
        }
        read.is_ok()
    });
    Ok(matches!(tokio::time::timeout(patience, reading).await, Ok(Ok(true))))
}

async fn asked<T: Send + 'static>(
    app: &Shared,
    ask: impl FnOnce(&Known) -> T + Send + 'static,
) -> Result<T, Problem> {
    let known = Arc::clone(&app.archive.known);
    let asked = move || ask(&known.read().unwrap_or_else(PoisonError::into_inner));
    tokio::task::spawn_blocking(asked).await.map_err(|e| Problem::internal(&e))
}

/// Records that are still to be read: until then, what rests on them is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Reading {
    left: usize,
    all: usize,
}

impl Archive {
    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_mut(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the list rows up to now.
    async fn list(&self, app: &App) -> Result<(), Problem> {
        let _one = self.listing.lock().await;
        let last = self.known().position;
        let (position, rows) = app.read(move |reader| changed(reader, last)).await?;
        if last != Some(position) {
            self.known_mut().take(position, rows);
        }
        Ok(())
    }

    /// Reads the records that are to be read: what is open first, then the newest.
    async fn read(&self, app: &App) -> Result<(), Problem> {
        let _one = self.reading.lock().await;
        loop {
            let chunk = self.known().next_unread();
            if chunk.is_empty() {
                return Ok(());
            }
            let policy = Arc::clone(app.state.handle.policy());
            let dir = app.state.data_dir.clone();
            let wanted = chunk.clone();
            let read = app.read(move |reader| {
                Ok(wanted.into_iter().map(|id| (one(reader, &id, &policy, &dir), id)).collect::<Vec<_>>())
            });
            for (found, id) in read.await? {
                match found {
                    Ok(found) => self.known_mut().put(&id, found),
                    Err(error) => {
                        tracing::warn!(%error, %id, "a record could not be read for the pages");
                        self.known_mut().unread.remove(&id);
                    }
                }
            }
        }
    }
}

/// The newest position, and rows that may have changed since `last`.
fn changed(reader: &dyn Reader, last: Option<u64>) -> StoreResult<(u64, Vec<Summary>)> {
    // Before the look: what is written meanwhile is seen by the next one.
    let position = reader.position()?;
    let Some(mut at) = last.filter(|last| position.saturating_sub(*last) <= FEW) else {
        let filter =
            IncidentFilter { limit: usize::MAX, include_restricted: true, ..IncidentFilter::default() };
        return Ok((position, reader.incidents(&filter)?));
    };
    let mut touched = BTreeSet::new();
    while at < position {
        let events = reader.events_after(at, PAGE)?;
        let Some((newest, _)) = events.last() else { break };
        at = *newest;
        touched.extend(events.into_iter().map(|(_, r)| r.incident));
    }
    let mut rows = Vec::with_capacity(touched.len());
    for id in touched {
        rows.extend(reader.summary(&id)?);
    }
    Ok((position, rows))
}

/// What a record tells, with the text of its postmortem.
fn one(
    reader: &dyn Reader,
    id: &IncidentId,
    policy: &Policy,
    dir: &Path,
) -> StoreResult<Option<(Deep, String)>> {
    let records = reader.events(id)?;
    Ok(fold(&records).map(|incident| {
        let deep = Deep::of(&incident, &records, policy);
        let text = match download::edited(&incident, &records) {
            Some(text) => text.get(..text.floor_char_boundary(MOST_TEXT)).unwrap_or(text).to_owned(),
            None => deep.postmortem.as_deref().map(|path| postmortem_text(dir, path)).unwrap_or_default(),
        };
        (deep, text)
    }))
}

/// The text of a postmortem; empty where it cannot be read.
pub(crate) fn postmortem_text(dir: &Path, path: &str) -> String {
    let bytes = download::read_inside(dir, Path::new(path)).ok().flatten().unwrap_or_default();
    String::from_utf8_lossy(bytes.get(..MOST_TEXT).unwrap_or(&bytes)).into_owned()
}

impl Known {
    /// Everything that a person may see.
    pub(crate) fn seen_by<'a>(&'a self, person: &'a Person) -> impl Iterator<Item = &'a Case> {
        self.cases.values().filter(|case| access::may_see_row(person, &case.row))
    }

    /// One incident, if the person may see it.
    pub(crate) fn case(&self, person: &Person, id: &IncidentId) -> Option<&Case> {
        self.cases.get(id).filter(|case| access::may_see_row(person, &case.row))
    }

    /// Incidents that have all words of a query, of those that the person may see, with how well they fit.
    pub(crate) fn search<'a>(&'a self, person: &'a Person, query: &str) -> Vec<(&'a Case, u32)> {
        let found = self.index.find(query);
        found.into_iter().filter_map(|(id, fit)| Some((self.case(person, id)?, fit))).collect()
    }

    /// How far the records were read, of what a person may see.
    pub(crate) fn reading(&self, person: &Person) -> Reading {
        let left =
            self.unread.iter().filter(|id| self.case(person, id).is_some_and(|c| c.deep.is_none())).count();
        Reading { left, all: if left == 0 { 0 } else { self.seen_by(person).count() } }
    }

    fn take(&mut self, position: u64, rows: Vec<Summary>) {
        for row in rows {
            let id = row.id.clone();
            let deep = self.cases.remove(&id).and_then(|case| case.deep);
            if deep.as_ref().is_none_or(|deep| deep.version != row.version) {
                self.unread.insert(id.clone());
            }
            if deep.is_none() {
                self.index.put(&id, &head(&row, None), "");
            }
            self.cases.insert(id, Case { row, deep });
        }
        self.position = Some(position);
    }

    fn put(&mut self, id: &IncidentId, found: Option<(Deep, String)>) {
        self.unread.remove(id);
        let Some(case) = self.cases.get_mut(id) else { return };
        let Some((deep, text)) = found else { return };
        if deep.version < case.row.version {
            self.unread.insert(id.clone());
        }
        self.index.put(id, &head(&case.row, Some(&deep)), &text);
        case.deep = Some(deep);
    }

    fn next_unread(&self) -> Vec<IncidentId> {
        let mut open = Vec::new();
        let mut over = Vec::new();
        // Ids ascend with time.
        for id in self.unread.iter().rev() {
            let is_open = self.cases.get(id).is_some_and(|case| case.row.open);
            let list = if is_open { &mut open } else { &mut over };
            if list.len() < CHUNK {
                list.push(id.clone());
            }
        }
        open.extend(over);
        open.truncate(CHUNK);
        open
    }
}

/// What an incident is found by first.
fn head(row: &Summary, deep: Option<&Deep>) -> String {
    let cause = row.cause.as_deref().unwrap_or_default();
    let title = words::cause_title(cause.split('@').next().unwrap_or_default());
    let told = deep.map(|d| [&d.impact, &d.ending]).into_iter().flatten().flatten();
    let mut all = format!("{} {} {} {cause} {title}", row.id, row.title, row.services.join(" "));
    for text in told {
        all.push(' ');
        all.push_str(text);
    }
    all
}
