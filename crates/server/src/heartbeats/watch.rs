//! The task that makes alerts of beats that are missed, and ends them when beats return. What it does follows from what
//! is kept: it may be killed at any point and repeats at most what an intake takes for a repetition.

use std::sync::Arc;
use std::time::Duration;

use firebell_core::ports::office::{Change, Deed};
use firebell_engine::handle::Error;
use jiff::Timestamp;
use tokio::sync::watch;

use super::kept::{Kept, Stands};
use super::registry::{Heart, KIND, tell, write};
use crate::post::documents;
use crate::state::AppState;

/// Looked so often at least, whatever is due: the wall clock may be set.
const POLL: Duration = Duration::from_secs(2);

/// Watches until `stop` turns true.
pub async fn watch(state: AppState, mut stop: watch::Receiver<bool>) {
    let mut tidied = false;
    while !*stop.borrow() {
        if !tidied {
            match forget_removed(&state).await {
                Ok(()) => tidied = true,
                Err(Error::Stopped) => return,
                Err(error) => tracing::warn!(%error, "heartbeats that were removed could not be cleared up"),
            }
        }
        let wait = match look(&state).await {
            Ok(Some(due)) => {
                let now = (state.clock)();
                Duration::try_from(due.duration_since(now)).unwrap_or_default().min(POLL)
            }
            Ok(None) => POLL,
            Err(Error::Stopped) => return,
            Err(error) => {
                tracing::warn!(%error, "heartbeats could not be looked at; trying again");
                POLL
            }
        };
        tokio::select! {
            () = state.heartbeats.news.notified() => {}
            _ = stop.changed() => {}
            () = tokio::time::sleep(wait.max(Duration::from_millis(20))) => {}
        }
    }
}

/// Looks at all once; answers when the next one is due.
///
/// # Errors
/// The engine's: nothing more was done, and the next look does it.
pub(crate) async fn look(state: &AppState) -> Result<Option<Timestamp>, Error> {
    let now = (state.clock)();
    let here_since = state.heartbeats.here_since(now);
    let mut next = None;
    for heart in state.heartbeats.hearts() {
        let mut held = heart.hold(&state.office).await.map_err(|e| Error::Store(e.to_string()))?;
        let Some(kept) = held.as_mut() else { continue };
        let stands = kept.stands(heart.pace(), here_since, now);
        if let Some(changed) = told(state, heart, kept, stands, now).await? {
            *kept = changed;
        }
        if !stands.is_alarming() {
            next = [next, kept.due(heart.pace(), here_since)].into_iter().flatten().min();
        }
    }
    Ok(next)
}

/// Begins or ends the alert, where that is what follows from how it stands.
async fn told(
    state: &AppState,
    heart: &Heart,
    kept: &Kept,
    stands: Stands,
    now: Timestamp,
) -> Result<Option<Kept>, Error> {
    let since = match (stands.is_alarming(), kept.alert_since) {
        (true, None) => now,
        (false, Some(since)) => since,
        _ => return Ok(None),
    };
    tell(&state.handle, heart.signal(kept, stands, since, now)).await?;
    let changed = Kept { alert_since: stands.is_alarming().then_some(since), ..kept.clone() };
    write(&state.handle, &heart.config.name, &changed).await?;
    Ok(Some(changed))
}

/// The alert of a heartbeat that is configured no more would fire for ever: it ends, and what was kept goes.
pub(crate) async fn forget_removed(state: &AppState) -> Result<(), Error> {
    let office = Arc::clone(&state.office);
    let read = tokio::task::spawn_blocking(move || documents(office.as_ref(), KIND)).await;
    let all = read.map_err(|e| Error::Store(e.to_string()))?.map_err(|e| Error::Store(e.to_string()))?;
    for document in all.into_iter().filter(|d| !state.heartbeats.is_known(&d.id)) {
        let kept: Kept = serde_json::from_value(document.body).unwrap_or_default();
        if let Some(since) = kept.alert_since {
            tell(&state.handle, Heart::gone(&document.id, since, (state.clock)())).await?;
        }
        let remove = Change::Remove { kind: KIND, id: document.id };
        state.handle.perform(Deed { act: None, changes: vec![remove] }).await?;
    }
    Ok(())
}
