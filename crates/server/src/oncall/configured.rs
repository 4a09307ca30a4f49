//! The roster of the configuration while the server runs: its files are edited, and count without a restart. One that
//! cannot be read changes nothing: the last good one stays in force, and whoever looks after it is told.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use firebell_core::ports::store::StoreResult;
use firebell_engine::handle::{Error, Handle};
use firebell_oncall::Roster;
use tokio::sync::watch;

use super::manage::roster_in_force;
use crate::state::AppState;

/// The files are looked at so often.
const EVERY: Duration = Duration::from_secs(2);

/// Where a roster comes from.
pub trait RosterFiles: Send + Sync {
    /// Changes with what the files say; equal for equal files. Where they cannot be read that is said by [`Self::read`].
    fn stamp(&self) -> String;

    /// Reads them.
    ///
    /// # Errors
    /// Names file, line and field.
    fn read(&self) -> Result<Roster, String>;
}

/// The roster that files say, and what is wrong with how they are now.
#[derive(Debug, Default)]
pub struct Configured {
    now: RwLock<Arc<Roster>>,
    trouble: RwLock<Option<String>>,
    /// Held while a roster is put in force, so that what was entered a moment ago is not undone by what was read before.
    turn: tokio::sync::Mutex<()>,
}

impl Configured {
    /// As read at the start.
    pub fn new(roster: Roster) -> Self {
        Self { now: RwLock::new(Arc::new(roster)), ..Self::default() }
    }

    /// The last good one, without what people entered.
    pub fn roster(&self) -> Arc<Roster> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why what the files say now is not in force; nothing where it is.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over what was read. Answers whether it is a roster.
    pub(super) fn take(&self, read: Result<Roster, String>) -> bool {
        let (roster, trouble) = match read {
            Ok(roster) => (Some(roster), None),
            Err(trouble) => (None, Some(trouble)),
        };
        let good = roster.is_some();
        if let Some(roster) = roster {
            *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(roster);
        }
        *self.trouble.write().unwrap_or_else(PoisonError::into_inner) = trouble;
        good
    }

    /// Puts the roster with what people entered in force; whoever is being called hears of it at once.
    pub(super) async fn put_in_force(
        &self,
        handle: &Handle,
        joined: impl FnOnce(Arc<Roster>) -> StoreResult<Roster> + Send + 'static,
    ) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let roster = self.roster();
        let joined = tokio::task::spawn_blocking(move || joined(roster)).await;
        let joined =
            joined.map_err(|e| Error::Store(e.to_string()))?.map_err(|e| Error::Store(e.to_string()))?;
        handle.set_roster(Arc::new(joined)).await
    }
}

/// Looks at the files every few seconds until `stop` turns true, and takes over what changed. `stamp` is that of the
/// roster in force.
pub async fn follow_roster(
    state: AppState,
    files: Arc<dyn RosterFiles>,
    stamp: String,
    mut stop: watch::Receiver<bool>,
) {
    let mut known = stamp;
    while !*stop.borrow() {
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let (looking, last) = (Arc::clone(&files), known.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let stamp = looking.stamp();
            (stamp != last).then(|| (stamp, looking.read()))
        });
        let Ok(Some((stamp, read))) = looked.await else { continue };
        if let Err(trouble) = &read {
            tracing::warn!("the roster was edited and is not taken over: {trouble}");
        }
        if state.oncall.take(read) {
            let office = Arc::clone(&state.office);
            let joined = move |roster: Arc<Roster>| roster_in_force(office.as_ref(), &roster);
            match state.oncall.put_in_force(&state.handle, joined).await {
                Ok(()) => tracing::info!("the roster was edited and is in force"),
                Err(Error::Stopped) => return,
                Err(error) => {
                    tracing::warn!(%error, "an edited roster could not be put in force; trying again");
                    continue;
                }
            }
        }
        known = stamp;
    }
}
