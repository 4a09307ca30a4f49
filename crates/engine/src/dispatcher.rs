//! Carries effects out: claims due ones, runs each in a task of its own, records what came of it. A crash at any
//! point leaves a lease that lapses; the effect runs again under the same key. What takes long renews its lease
//! meanwhile, however long a platform may be given for an action.

use std::sync::Arc;
use std::time::Duration;

use firebell_core::effect::Effect;
use firebell_core::ids::EffectKey;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use wake::select_wake;

use crate::effects::Executor;
use crate::handle::{Error, Handle};
use crate::machine::{Claimed, EffectResult};

/// Effects under way at once.
const CONCURRENCY: usize = 24;
/// Calls to people under way at once, besides: nobody waits for an agent to end before they are paged.
const CALLS: usize = 64;
/// The outbox is looked at so often even if nothing woke it: retries and lapsed leases come due by themselves.
const POLL: Duration = Duration::from_millis(250);
/// A lease is renewed so often while its effect is at work.
const RENEW: Duration = Duration::from_secs(20);
/// … and so often at most: what hangs for an hour is given to somebody else.
const MAX_RENEWALS: u32 = 180;

/// Runs until `stop` turns true, then waits for what is under way.
pub async fn run(handle: Handle, executor: Arc<Executor>, mut stop: watch::Receiver<bool>) {
    let mut changes = handle.changes();
    let slots = Arc::new(Semaphore::new(CONCURRENCY));
    let lines = Arc::new(Semaphore::new(CALLS));
    let mut tasks = JoinSet::new();
    while !*stop.borrow() {
        while tasks.try_join_next().is_some() {}
        let (calls, free) = (lines.available_permits(), slots.available_permits());
        let claimed = if calls + free == 0 { Ok(Vec::new()) } else { handle.claim(calls, free).await };
        match claimed {
            Ok(claimed) => {
                handle.pulse().dispatched();
                let called = claimed.iter().filter(|c| c.row.effect.calls_people()).count();
                let full = (called >= calls && calls > 0) || (claimed.len() >= calls + free && free > 0);
                let mut called = 0;
                for claimed in claimed {
                    // What calls people and found no line takes a slot, as anything else.
                    let is_call = claimed.row.effect.calls_people() && called < calls;
                    called += usize::from(is_call);
                    let from = if is_call { &lines } else { &slots };
                    let Ok(slot) = Arc::clone(from).acquire_owned().await else { return };
                    let (handle, executor) = (handle.clone(), Arc::clone(&executor));
                    tasks.spawn(async move {
                        carry_out(&handle, &executor, claimed).await;
                        drop(slot);
                    });
                }
                if full {
                    continue;
                }
            }
            Err(Error::Stopped) => return,
            Err(error) => tracing::warn!(%error, "the outbox could not be read; trying again"),
        }
        select_wake(&mut changes, &mut stop, POLL).await;
    }
    // What is under way may end; what does not in time is leased and comes again after the next start.
    let _ =
        tokio::time::timeout(Duration::from_secs(5), async { while tasks.join_next().await.is_some() {} })
            .await;
}

async fn carry_out(handle: &Handle, executor: &Executor, claimed: Claimed) {
    let (key, fence) = (claimed.row.key.clone(), claimed.row.fence);
    // An agent's run is leased up to its deadline as it is.
    let renewals = if matches!(claimed.row.effect, Effect::RunAgent { .. }) { 0 } else { MAX_RENEWALS };
    let result = at_work(handle, executor.run(claimed), &key, fence, renewals).await;
    // The outcome of something that happened outside must not be lost to a passing fault of the store.
    let mut wait = Duration::from_millis(50);
    loop {
        match handle.finish(&key, fence, result.clone()).await {
            Ok(_) => return,
            Err(Error::Stopped) => return,
            Err(error) => {
                tracing::warn!(%error, effect.key = %key, "an outcome could not be recorded; trying again")
            }
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

/// Waits for an effect and keeps its lease.
async fn at_work(
    handle: &Handle,
    work: impl Future<Output = EffectResult>,
    key: &EffectKey,
    fence: u64,
    renewals: u32,
) -> EffectResult {
    tokio::pin!(work);
    for _ in 0..renewals {
        tokio::select! {
            result = &mut work => return result,
            () = tokio::time::sleep(RENEW) => match handle.renew(key, fence).await {
                Ok(true) | Err(Error::Stopped) => {}
                Ok(false) => tracing::warn!(effect.key = %key, "the lease of an effect at work was lost"),
                Err(error) => tracing::warn!(%error, effect.key = %key, "a lease could not be renewed"),
            },
        }
    }
    work.await
}

mod wake {
    //! Waiting for one of three wake-ups.

    use std::time::Duration;

    use tokio::sync::watch;

    pub(super) async fn select_wake(
        changes: &mut watch::Receiver<u64>,
        stop: &mut watch::Receiver<bool>,
        poll: Duration,
    ) {
        tokio::select! {
            changed = changes.changed() => {
                if changed.is_err() {
                    tokio::time::sleep(poll).await;
                }
            }
            _ = stop.changed() => {}
            () = tokio::time::sleep(poll) => {}
        }
    }
}
